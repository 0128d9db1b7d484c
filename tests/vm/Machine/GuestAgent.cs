using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.VmTests.Machine;

/// <summary>
/// The QEMU guest agent in the machine: starts commands there and says how they ended. Calls may come from several tasks; they are made
/// one after the other, while the commands themselves run side by side.
/// </summary>
internal sealed class GuestAgent(string socketPath) : IDisposable
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim _turn = new(1);
    private LineSocket? _socket;

    /// <summary>Starts a command.</summary>
    /// <returns>Its process id in the machine.</returns>
    public async Task<long> StartAsync(GuestCommand command, CancellationToken cancellationToken)
    {
        JsonObject arguments = new()
        {
            ["path"] = command.Arguments[0],
            ["arg"] = new JsonArray([.. command.Arguments.Skip(1).Select(a => (JsonNode)a)]),
            ["env"] = new JsonArray([.. command.Variables.Select(v => (JsonNode)v)]),
            ["capture-output"] = true,
        };
        if (!command.Stdin.IsEmpty)
        {
            arguments["input-data"] = Convert.ToBase64String(command.Stdin.Span);
        }

        JsonObject started = await CallAsync("guest-exec", arguments, CallTime, cancellationToken);
        return (long)started["pid"]!;
    }

    /// <summary>Waits for the end of a command that was started.</summary>
    /// <exception cref="GuestException">It took longer than its time and was killed.</exception>
    public async Task<GuestResult> WaitAsync(GuestCommand command, long pid, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        for (TimeSpan pause = TimeSpan.FromMilliseconds(4); ; pause = Min(pause * 1.4, LongestPause))
        {
            JsonObject status = await CallAsync("guest-exec-status", new JsonObject { ["pid"] = pid }, CallTime, cancellationToken);
            if ((bool)status["exited"]!)
            {
                int code = status["exitcode"] is { } exit ? (int)exit : 128 + (int)(status["signal"] ?? 0);
                return new GuestResult(command.ToString(), code, Text(status["out-data"]), Text(status["err-data"]));
            }

            if (clock.Elapsed > command.Timeout)
            {
                await StartAsync(GuestCommand.Shell("pkill -KILL -P $1; kill -KILL $1", $"{pid}"), cancellationToken);
                throw new GuestException($"'{command}' was not done after {command.Timeout.TotalSeconds:F0} s and was killed");
            }

            await Task.Delay(pause, cancellationToken);
        }
    }

    /// <summary>Whether the agent answers within a time.</summary>
    public async Task<bool> AnswersAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            await CallAsync("guest-ping", [], limit, cancellationToken);
            return true;
        }
        catch (GuestException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _turn.Dispose();
    }

    private async Task<JsonObject> CallAsync(string name, JsonObject arguments, TimeSpan limit, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(limit);
        try
        {
            LineSocket socket = _socket ??= await ConnectAsync(time.Token);
            await socket.SendAsync(new JsonObject { ["execute"] = name, ["arguments"] = arguments }, time.Token);
            JsonObject answer = await socket.ReceiveAsync(time.Token);
            return answer["error"] is { } error
                ? throw new GuestException($"the guest agent refused {name}: {error["desc"]}")
                : answer["return"]!.AsObject();
        }
        catch (Exception ex) when (ex is IOException or SocketException or JsonException or OperationCanceledException)
        {
            // An answer that comes later would be taken for that of the next call.
            _socket?.Dispose();
            _socket = null;
            cancellationToken.ThrowIfCancellationRequested();
            throw new GuestException($"the machine did not answer {name} within {limit.TotalSeconds:F0} s", ex);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<LineSocket> ConnectAsync(CancellationToken cancellationToken)
    {
        LineSocket socket = new();
        try
        {
            await socket.ConnectAsync(socketPath, cancellationToken);
            int number = Random.Shared.Next(1, int.MaxValue);

            // The byte 255 ends what an earlier connection left half-written; what comes before the answer with our number is for others.
            byte[] request = [0xff, .. Encoding.ASCII.GetBytes($$$"""{"execute":"guest-sync","arguments":{"id":{{{number}}}}}""")];
            await socket.SendAsync(request, cancellationToken);
            while ((await socket.ReceiveAsync(cancellationToken))["return"] is not JsonValue value || !value.TryGetValue(out long id) || id != number)
            {
            }

            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Text(JsonNode? base64) => base64 is null ? "" : Encoding.UTF8.GetString(Convert.FromBase64String((string)base64!));

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
