using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The task the product is for, from token to fork, on a Debian image.</summary>
[Collection(DaemonCollection.Name)]
public sealed class MainJobTests(DaemonFixture fixture)
{
    private const string WriteProject = """
        mkdir -p /work/shop && cd /work && cat > shop/price.py <<'END'
        def total(items):
            return sum(count * cents for count, cents in items)
        END
        touch shop/__init__.py
        cat > test_price.py <<'END'
        import unittest
        from shop.price import total

        class PriceTests(unittest.TestCase):
            def test_total(self):
                self.assertEqual(total([(2, 150), (1, 99)]), 399)

            def test_nothing_costs_nothing(self):
                self.assertEqual(total([]), 0)
        END
        """;

    private const string RunTests = "cd /work && python3 -B -m unittest -q 2>&1";

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task A_project_is_written_tested_broken_rolled_back_and_forked_over_TCP_with_a_token()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Debian);
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        await RunJobAsync(client, image);
        Assert.Matches("^sess_[0-9a-f]{32}$", client.Token);

        using DaemonClient other = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string foreign = await client.NewAsync(image);
        Assert.Equal(403, (await other.CallAsync("GET", $"/sandboxes/{foreign}")).Status);
        await client.DeleteAsync(foreign);
    }

    [HostFact(Need.Root, Need.Mmdebstrap, Need.InitBinary)]
    public async Task The_same_job_runs_over_the_administrators_socket_without_a_token()
    {
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        await RunJobAsync(administrator, await fixture.Images.HaveAsync(TestImages.Debian));
    }

    private static async Task RunJobAsync(DaemonClient client, string image)
    {
        JsonObject made = await client.CreateAsync(image, new JsonObject { ["memory_limit_mb"] = 300, ["labels"] = new JsonObject { ["task"] = "42" } });
        string id = (string)made["sandbox_id"]!;
        Assert.Equal("running", (string?)made["status"]);
        Assert.Contains((string?)made["source"], (string[])["pool", "cold"]);
        Assert.Equal(300, (int)made["memory_limit_mb"]!);
        await client.RunAsync(id, WriteProject);
        Assert.Contains("OK", await client.RunAsync(id, RunTests), StringComparison.Ordinal);

        string snapshot = await client.SnapshotAsync(id);
        ExecReply broken = await client.ExecAsync(id, $"cd /work && sed -i 's/count \\* cents/count + cents/' shop/price.py && {RunTests}");
        Assert.Equal(1, broken.ExitCode);
        Assert.Contains("FAILED (failures=1)", broken.Stdout, StringComparison.Ordinal);

        JsonObject back = await client.RollbackAsync(id, snapshot);
        Assert.Equal((id, "running", snapshot, snapshot), ((string)back["sandbox_id"]!, (string)back["status"]!, (string)back["rolled_back_to"]!, (string)back["base_snapshot_id"]!));
        Assert.Contains("OK", await client.RunAsync(id, RunTests), StringComparison.Ordinal);

        string[] forks = await client.ForkAsync(id, 3, snapshot);
        string[] changes = ["count * cents * 1", "count * cents + 1", "cents * count"];
        string[] said = await Task.WhenAll(forks.Select((fork, n) => client.RunAsync(
            fork, $"cd /work && sed -i 's/count \\* cents/{changes[n]}/' shop/price.py && ({RunTests}; true)")));
        Assert.Equal([true, false, true], said.Select(text => text.Contains("OK", StringComparison.Ordinal)));
        Assert.Contains("OK", await client.RunAsync(id, RunTests), StringComparison.Ordinal);

        await Task.WhenAll(forks.Append(id).Select(client.DeleteAsync));
        Assert.Equal(404, (await client.CallAsync("GET", $"/sandboxes/{id}")).Status);
        Assert.Equal(404, (await client.CallAsync("DELETE", $"/sandboxes/{id}")).Status);
    }
}
