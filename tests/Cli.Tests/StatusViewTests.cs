using System.Text.Json.Nodes;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Tests;

public sealed class StatusViewTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 9, 10, 0, TimeSpan.Zero);

    [Fact]
    public void All_is_well_in_a_few_lines() => Assert.Equal(
        """
        sleighd     0.1.0, up 10m
        ready       yes (containerd, storage)
        sandboxes   2 running, 1 exited
        commands    3 running
        pool        1 of 4 ready
        storage     btrfs, 5 GB free of 10 GB
        memory      3 GB available of 4 GB
        growth      available
        containerd  1.7.24, private
        cgroup      v2

        """,
        Of("""
            {"version":"0.1.0","started_at":"2026-01-05T09:00:00.000Z","containerd_mode":"private","containerd_version":"1.7.24","storage_driver":"btrfs",
             "storage_total_bytes":10737418240,"storage_free_bytes":5368709120,"cgroup_mode":"v2","sandboxes":{"running":2,"exited":1},"running_execs":3,
             "parked_slots":9,"parked_slots_target":9,"ready":true,"checks":[{"name":"containerd","ok":true},{"name":"storage","ok":true}],
             "host":{"memory_total_bytes":4294967296,"memory_available_bytes":3221225472},"pool":{"available":1,"target_now":4}}
            """));

    [Fact]
    public void What_is_wrong_comes_with_what_to_do_and_what_is_unknown_is_shown() => Assert.Equal(
        """
        ready      no, storage: disk full [2J
        pool       off
        storage    copy, 1 B free of 100 B
        growth     not available: no memory controller
        new thing  [1,2]
        -> sleighctl doctor looks for the cause; so does the daemon's log (journalctl -u sleigh)
        -> storage is nearly full: sleighctl image prune --dry-run, sleighctl ls, sleighctl rm
        -> memory limits cannot grow by themselves: sleighctl doctor says what the host lacks

        """,
        Of("""
            {"ready":false,"checks":[{"name":"containerd","ok":true},{"name":"storage","ok":false,"message":"disk full\u001b[2J"}],"parked_slots":0,"parked_slots_target":0,
             "storage_driver":"copy","storage_total_bytes":100,"storage_free_bytes":1,"growth_unavailable":"no memory controller","new_thing":[1,2],"nothing":null}
            """));

    [Theory]
    [InlineData("""{"refused":"reload refused: x","restart_needed":["data_dir"]}""", "reload refused: x")]
    [InlineData("""{"restart_needed":["data_dir","http.listen"]}""", "these need a restart: data_dir, http.listen")]
    public void A_configuration_that_is_not_all_in_force_is_shown(string configuration, string said) =>
        Assert.Contains($"configuration  {said}\n", Of($$"""{"ready":true,"configuration":{{configuration}}}"""), StringComparison.Ordinal);

    [Fact]
    public void A_configuration_that_is_in_force_is_not_spoken_of() => Assert.DoesNotContain(
        "configuration", Of("""{"ready":true,"configuration":{"loaded_at":"2026-01-05T08:00:00.000Z","restart_needed":[]}}"""), StringComparison.Ordinal);

    private static string Of(string json) => StatusView.Of((JsonObject)JsonNode.Parse(json)!, Now, Paint.None);
}
