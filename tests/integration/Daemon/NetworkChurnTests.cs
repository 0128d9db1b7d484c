using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>
/// Hundreds of sandboxes with a network come and go while the daemon is killed at random moments: the host ends with what records name, no more.
/// The seed of the moments is printed; <c>SLEIGH_TEST_SEED</c> gives it again.
/// </summary>
[Collection(NetworkCollection.Name)]
public sealed class NetworkChurnTests(NetworkFixture fixture)
{
    private const int Creates = 200;
    private const int Kills = 10;
    private const int Workers = 4;

    private int _created;
    private int _deleted;
    private int _cutCreates;
    private int _cutDeletes;
    private volatile bool _isKilled;

    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.Networking)]
    public async Task Two_hundred_creates_and_deletes_with_a_daemon_that_is_killed_leave_no_namespace_link_address_rule_or_map()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("SLEIGH_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out int given)
            ? given : RandomNumberGenerator.GetInt32(int.MaxValue);
        Console.WriteLine($"network churn: SLEIGH_TEST_SEED={seed}");
        Random random = new(seed);
        await SettledAsync();
        string shared = (await NetworkHoldings.ReadAsync(fixture.Daemon, fixture.World)).Shared;
        for (int kill = 1; kill <= Kills; kill++)
        {
            int goal = Creates * kill / Kills;
            using CancellationTokenSource stop = new();
            Task[] working = [.. Enumerable.Range(0, Workers).Select(_ => WorkAsync(stop.Token))];
            await Poll.UntilAsync(
                () => Volatile.Read(ref _created) >= goal || working.Any(w => w.IsFaulted), 120, () => $"seed {seed}: {_created} of {goal} sandboxes were made");
            await Task.WhenAll(working.Where(w => w.IsFaulted));
            await Task.Delay(random.Next(0, 300));
            _isKilled = true;
            await fixture.Daemon.KillAsync();
            await stop.CancelAsync();
            await Task.WhenAll(working);
            _isKilled = false;
            await fixture.Daemon.StartAsync();
            await DeleteAllAsync();
        }

        // Each kill but a few met a call that was under way, or it would prove nothing.
        string told = $"seed {seed}: {_created} creates and {_deleted} deletes answered, {_cutCreates} and {_cutDeletes} cut off by {Kills} kills";
        TestContext.Current.TestOutputHelper?.WriteLine(told);
        Assert.True(_created >= Creates && _cutCreates > 0 && _cutCreates + _cutDeletes >= Kills, told);

        // What was killed so often still makes sandboxes that reach the world.
        string id = await Client.NewAsync(TestImages.Busybox);
        Assert.Equal("198.51.100.1", (await Client.RunAsync(id, "nc -w 60 203.0.113.7 80 < /dev/null")).Trim());
        await Client.DeleteAsync(id);
        await SettledAsync();
        Assert.Equal(shared, (await NetworkHoldings.ReadAsync(fixture.Daemon, fixture.World)).Shared);
    }

    // What is left is the pool: two parked slots, and two namespaces that lie ready.
    private async Task SettledAsync()
    {
        string seen = "";
        await Poll.UntilAsync(
            async () =>
            {
                try
                {
                    NetworkHoldings found = await NetworkHoldings.ReadAsync(fixture.Daemon, fixture.World);
                    seen = $"{found.Count} namespaces, where 4 are expected; {found.Differences}";
                    return found is { Count: 4, Differences: "" };
                }
                catch (Exception e) when (e is IOException or InvalidOperationException)
                {
                    // A file went while it was read.
                    seen = e.Message;
                    return false;
                }
            },
            60,
            () => $"{seen}\n{fixture.Daemon.LogTail}");
    }

    /// <summary>Makes sandboxes and deletes them until told, or until the daemon is killed. Whatever else goes wrong fails the test.</summary>
    private async Task WorkAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            string? id = null;
            try
            {
                // Each second one has maps of addresses for what names open.
                id = await Client.NewAsync(TestImages.Busybox, Volatile.Read(ref _created) % 2 == 0 ? null : WithNames());
                Interlocked.Increment(ref _created);
                await Client.DeleteAsync(id);
                Interlocked.Increment(ref _deleted);
            }
            catch (Exception e) when (_isKilled && e is HttpRequestException or IOException)
            {
                // What the daemon never heard was not cut off.
                if (e is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError })
                {
                    Interlocked.Increment(ref id is null ? ref _cutCreates : ref _cutDeletes);
                }

                return;
            }
        }
    }

    private static JsonObject WithNames() =>
        new() { ["network"] = new JsonObject { ["mode"] = "restricted", ["allow"] = new JsonArray("world.example:80", "*.world.example") } };

    // One that was made but not answered is no fault, nor is one that a cut-off delete has left.
    private async Task DeleteAllAsync()
    {
        foreach (JsonNode? left in (await Client.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray())
        {
            await Client.DeleteAsync((string)left!["sandbox_id"]!);
        }
    }
}
