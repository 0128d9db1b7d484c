using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Sleigh.Api.Endpoints;
using Sleigh.Api.Routing;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>
/// Generated requests against a real daemon, for a while: <c>SLEIGH_FUZZ_SECONDS</c> (20 when not set), with a seed that is printed and that
/// <c>SLEIGH_FUZZ_SEED</c> gives again.
/// </summary>
[Collection(ContractCollection.Name)]
public sealed class FuzzLines
{
    // What is the administrator's changes the host; it is tried over fakes.
    private static FuzzEndpoint[] Endpoints { get; } =
    [
        .. AllEndpoints.List().Where(e => e.Access != AccessClass.Socket).Select(e => new FuzzEndpoint(e.Method, string.Join('/', e.Segments), false)),
    ];

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task For_a_while_no_request_brings_a_500_or_a_hang_and_the_daemon_lives()
    {
        int seconds = Number("SLEIGH_FUZZ_SECONDS") is int set ? set : 20;
        ulong seed = (ulong)(Number("SLEIGH_FUZZ_SEED") ?? RandomNumberGenerator.GetInt32(int.MaxValue));
        Console.WriteLine($"fuzz: SLEIGH_FUZZ_SEED={seed}");

        // A pull goes nowhere here, and should not take its time for that. Zones that are not set would be a 500 that the contract has.
        using TestDirectory zones = new();
        Directory.CreateDirectory(Path.Combine(zones["mounts"], "data"));
        Directory.CreateDirectory(Path.Combine(zones["environments"], "tools"));
        await using TestDaemon daemon = new(
            ("images.pull_timeout_seconds", "2"), ("exec.default_timeout_seconds", "2"), ("mounts.root", zones["mounts"]), ("environments.root", zones["environments"]));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        await images.HaveAsync(TestImages.Busybox);
        FuzzSender sender = new(_ => ConnectAsync(daemon), TimeSpan.FromSeconds(30));
        long begin = Stopwatch.GetTimestamp();
        int sent = 0;
        while (Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
        {
            using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
            string box = await client.NewAsync(TestImages.Busybox);
            FuzzIds ids = new(client.Token!, client.SessionId!, box, await client.StartAsync(box, "true"), await client.SnapshotAsync(box));
            foreach (FuzzRequest request in FuzzRequests.For(Endpoints, ids).Sample(60, new Rnd(seed + (ulong)sent), 20))
            {
                string? problem = await sender.ProblemAsync(request);
                Assert.True(problem is null, $"SLEIGH_FUZZ_SEED={seed}, request {sent}: {problem}\n{request}\n{daemon.LogTail}");
                sent++;
                if (request.Endpoint.EndsItAll)
                {
                    break;
                }
            }

            (int status, JsonObject body) = await client.CallAsync("DELETE", $"/sessions/{client.SessionId}");
            Assert.True(status is 204 or 401, body.ToJsonString());
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {sent} requests; {string.Join(", ", sender.Seen.Select(s => $"{s.Key}: {s.Value}"))}");
        Assert.True(sent >= 60, $"only {sent} requests in {seconds} s");
        Assert.True(daemon.IsAlive, daemon.LogTail);
        await Consistency.SettledAsync(daemon);
    }

    private static async Task<Socket> ConnectAsync(TestDaemon daemon)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(daemon.Address);
        return socket;
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}
