using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Sleigh.Benchmarks.Host.Http;
using Sleigh.Cli;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>How soon a rule that is added lets no more packets of an open connection through.</summary>
internal sealed class CutPart
{
    private const int Port = 80;
    private const int Steady = 30;
    private const int MostTries = 3;
    private const double MostUntilCut = 100;
    private const string UntilCut = "a rule is added: from the call until the last packet of an open connection";
    private const string Call = "a rule is added: the call";
    private const string AfterAnswer = "a rule is added: from the answer until the last packet of an open connection";

    // A record each millisecond, and another connection when one is reset. The server's address is the world's.
    private static readonly string Sender = $$"""
        import socket, struct, time
        while True:
            try:
                s = socket.create_connection(("{{BenchWorld.Address}}", {{Port}}), 5)
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                s.settimeout(120)
                n = 0
                while True:
                    s.sendall(struct.pack("<qq", n, time.monotonic_ns()))
                    n += 1
                    time.sleep(0.001)
            except OSError:
                time.sleep(0.01)
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(250);

    private readonly ApiCaller _caller;
    private readonly BenchWorld _world;
    private readonly string _image;
    private readonly BenchResults _results;
    private readonly Bounds _bounds;
    private readonly Action<string> _progress;

    public CutPart(ApiCaller caller, BenchWorld world, string image, BenchResults results, Bounds bounds, Action<string> progress) =>
        (_caller, _world, _image, _results, _bounds, _progress) = (caller, world, image, results, bounds, progress);

    /// <summary>So many times, each with a connection of its own. What was held back must come once the rule is taken away, or it was not the rule that cut it.</summary>
    public async Task MeasureAsync(int tries, CancellationToken cancellationToken)
    {
        _progress($"a rule that cuts an open connection, {tries} times");
        using Socket listener = _world.Listen(Port);
        string id = (string?)(await _caller.CallAsync(
            HttpMethod.Post, "/sandboxes", new JsonObject { ["image"] = _image, ["network"] = "bridge" }, cancellationToken))["sandbox_id"] ?? "";
        await _caller.CallAsync(
            HttpMethod.Post, $"/sandboxes/{id}/exec", new JsonObject { ["argv"] = new JsonArray("python3", "-c", Sender) }, cancellationToken);
        int proved = 0;
        for (int i = 1; proved < tries; i++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(Patience);
            try
            {
                using var arrivals = new Arrivals(await listener.AcceptAsync(limit.Token));
                proved += await TryAsync(id, arrivals, limit.Token) ? 1 : 0;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new CliException(
                    ExitCode.Failure, $"try {i}: within {Patience.TotalSeconds:0} s the connection was not made, was not cut, or did not go on when the rule was taken away");
            }

            if (i > tries * MostTries)
            {
                throw new CliException(ExitCode.Failure, $"in {i - proved} of {i} tries the sender sent nothing while the rule was there: this machine is too busy");
            }
        }

        await _caller.CallAsync(HttpMethod.Delete, $"/sandboxes/{id}", null, cancellationToken);
        _bounds.Percentile(UntilCut, 0.5, MostUntilCut);
        _bounds.AtMost($"{UntilCut}: slowest of {tries}", "ms", _results.Of(UntilCut, Bounds.Ours).Percentile(1), MostUntilCut);
    }

    // False, and nothing is recorded: the sender got no CPU while the rule was there, so its silence says nothing.
    private async Task<bool> TryAsync(string id, Arrivals arrivals, CancellationToken cancellationToken)
    {
        await UntilAsync(() => arrivals.Now.Count >= Steady && Stopwatch.GetElapsedTime(arrivals.Now.Last) < TimeSpan.FromMilliseconds(20), cancellationToken);
        long begun = Stopwatch.GetTimestamp();
        await PutAsync(id, new JsonObject { ["mode"] = "open", ["deny"] = new JsonArray(BenchWorld.Address.ToString()) }, cancellationToken);
        long answered = Stopwatch.GetTimestamp();
        await UntilAsync(() => Stopwatch.GetElapsedTime(Math.Max(arrivals.Now.Last, answered)) > Silence, cancellationToken);
        long silent = Stopwatch.GetTimestamp();
        long last = arrivals.Now.Last;
        await PutAsync(id, new JsonObject { ["mode"] = "open" }, cancellationToken);
        long opened = Stopwatch.GetTimestamp();

        // Records come in order: with one that was sent now all of those before are there.
        await UntilAsync(() => arrivals.SentBetween(opened, long.MaxValue) > 0, cancellationToken);
        if (arrivals.SentBetween(answered, silent) == 0)
        {
            return false;
        }

        _results.Of(UntilCut, Bounds.Ours).Add(Math.Max(0, Milliseconds(begun, last)));
        _results.Of(Call, Bounds.Ours).Add(Milliseconds(begun, answered));
        _results.Of(AfterAnswer, Bounds.Ours).Add(Math.Max(0, Milliseconds(answered, last)));
        return true;
    }

    private static double Milliseconds(long from, long to) => (to - from) * 1000.0 / Stopwatch.Frequency;

    private static async Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (!condition())
        {
            await Task.Delay(5, cancellationToken);
        }
    }

    private Task<JsonObject> PutAsync(string id, JsonObject policy, CancellationToken cancellationToken) =>
        _caller.CallAsync(HttpMethod.Put, $"/sandboxes/{id}/network", policy, cancellationToken);
}
