using System.Text.Json.Nodes;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Tests;

public sealed class SnapshotTreeTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 9, 10, 0, TimeSpan.Zero);

    // Newest first, as the daemon lists them.
    private static readonly JsonObject[] All =
    [
        Of("6", "snap_00000000000f", "08:50"), Of("5", "snap_000000000001", "09:09", "\"auto\":true"), Of("4", "snap_000000000002", "09:00"),
        Of("3", "snap_000000000002", "08:59", "\"auto\":true,\"keep\":true"), Of("2", "snap_000000000001", "08:10", "\"name\":\"before\""),
        Of("1", null, "08:00", "\"keep\":true"),
    ];

    [Fact]
    public void Parents_stand_above_their_children_with_lines_between_them_and_marks_behind() => Assert.Equal(
        """
        SNAPSHOT                 NAME    AGE  SIZE  MARKS
        snap_000000000001        -        1h  1 KB  keep
        ├─ snap_000000000002     before   1h  1 KB  -
        │  ├─ snap_000000000003  -       11m  1 KB  auto, keep
        │  └─ snap_000000000004  -       10m  1 KB  * live
        └─ snap_000000000005     -        1m  1 KB  auto
        snap_000000000006        -       20m  1 KB  -

        """,
        new SnapshotTree(All, "snap_000000000004").ToText(Now));

    [Theory]
    [InlineData(null)]
    [InlineData("snap_00000000000f")]
    public void Files_that_stand_on_none_of_them_are_said_to(string? live) =>
        Assert.EndsWith("\n* live stands on none of them\n", new SnapshotTree(All, live).ToText(Now), StringComparison.Ordinal);

    [Fact]
    public void A_program_gets_the_same_nested()
    {
        JsonObject tree = new SnapshotTree(All, "snap_000000000004").ToJson();

        Assert.Equal("snap_000000000004", (string?)tree["live"]);
        Assert.Equal(
            "snap_000000000001(snap_000000000002(snap_000000000003()snap_000000000004*())snap_000000000005())snap_000000000006()",
            Shape(tree["items"]!.AsArray()));
        Assert.True((bool?)tree["items"]![0]!["keep"]);
    }

    [Fact]
    public void A_long_line_of_descent_costs_no_stack()
    {
        JsonObject[] line = [.. Enumerable.Range(1, 5000).Reverse().Select(i => new JsonObject
        {
            ["id"] = $"snap_{i:x12}", ["parent_id"] = i == 1 ? null : $"snap_{i - 1:x12}",
        })];

        SnapshotTree tree = new(line, null);

        Assert.Equal(5000, tree.Levels);
        Assert.Equal("snap_000000001388", tree.Ids.Last());
    }

    [Fact]
    public async Task The_command_asks_for_the_list_and_for_where_the_files_stand()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Path.EndsWith("/snapshots", StringComparison.Ordinal)
            ? FakeServer.Reply(200, """{"items":[{"id":"snap_000000000002","parent_id":"snap_000000000001"},{"id":"snap_000000000001"}]}""")
            : FakeServer.Reply(200, """{"sandbox_id":"sbx_0123456789ab","base_snapshot_id":"snap_000000000001"}"""));

        CliRun table = await CliRun.OfAsync(["snapshot", "tree", "sbx_0123456789ab"], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["snapshot", "tree", "sbx_0123456789ab", "-o", "json"], server.SocketPath);
        CliRun ids = await CliRun.OfAsync(["snapshot", "tree", "sbx_0123456789ab", "-q"], server.SocketPath);

        Assert.Contains("\nsnap_000000000001     -       -     -  * live\n└─ snap_000000000002  -", table.Stdout, StringComparison.Ordinal);
        Assert.Equal("snap_000000000002", (string?)JsonNode.Parse(json.Stdout)!["items"]![0]!["children"]![0]!["id"]);
        Assert.Equal("snap_000000000001\nsnap_000000000002\n", ids.Stdout);
        Assert.Equal(["/sandboxes/sbx_0123456789ab/snapshots", "/sandboxes/sbx_0123456789ab"], server.Requests.Take(2).Select(r => r.Target));
    }

    [Fact]
    public async Task Keep_and_unkeep_name_the_snapshot_and_a_snapshot_can_be_kept_from_the_start()
    {
        await using FakeServer server = FakeServer.Answering(request => request.Method == "GET"
            ? FakeServer.Reply(200, """{"items":[{"id":"snap_000000000001","name":"before"}]}""")
            : FakeServer.Reply(request.Path.EndsWith("keep", StringComparison.Ordinal) ? 200 : 201, """{"id":"snap_000000000001"}"""));

        CliRun keep = await CliRun.OfAsync(["snapshot", "keep", "sbx_0123456789ab", "before"], server.SocketPath);
        CliRun unkeep = await CliRun.OfAsync(["snapshot", "unkeep", "sbx_0123456789ab", "before"], server.SocketPath);
        await CliRun.OfAsync(["snapshot", "sbx_0123456789ab", "--keep"], server.SocketPath);

        Assert.Equal(("snap_000000000001 is kept\n", "snap_000000000001 is no longer kept\n"), (keep.Stdout, unkeep.Stdout));
        string path = "/sandboxes/sbx_0123456789ab/snapshots";
        Assert.Equal(
            [($"{path}/snap_000000000001/keep", """{"keep":true}"""), ($"{path}/snap_000000000001/keep", """{"keep":false}"""), (path, """{"keep":true}""")],
            server.Requests.Where(r => r.Method == "POST").Select(r => (r.Target, r.Text)));
    }

    [Fact]
    public async Task Undo_says_where_the_files_are_now()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(
            200, """{"sandbox_id":"sbx_0123456789ab","rolled_back_to":"snap_000000000001","duration_ms":9,"ended_exec_ids":[]}"""));

        CliRun one = await CliRun.OfAsync(["undo", "sbx_0123456789ab"], server.SocketPath);
        CliRun three = await CliRun.OfAsync(["undo", "sbx_0123456789ab", "-n", "3", "-q"], server.SocketPath);
        CliRun wrong = await CliRun.OfAsync(["undo", "sbx_0123456789ab", "-n", "101"], server.SocketPath);

        Assert.Equal("sbx_0123456789ab is at snap_000000000001 after 9 ms\n", one.Stdout);
        Assert.Equal("snap_000000000001\n", three.Stdout);
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("--steps is '101', must be 1 to 100", wrong.Stderr, StringComparison.Ordinal);
        Assert.Equal(["""{"steps":1}""", """{"steps":3}"""], server.Requests.Select(r => r.Text));
    }

    private static JsonObject Of(string number, string? parent, string time, string more = "\"x\":0") => JsonNode.Parse(
        $$"""{"id":"snap_00000000000{{number}}","parent_id":{{(parent is null ? "null" : $"\"{parent}\"")}},"bytes":1024,"created":"2026-01-05T{{time}}:00Z",{{more}}}""")!.AsObject();

    private static string Shape(JsonArray nodes) => string.Concat(
        nodes.Select(n => $"{n!["id"]}{((bool?)n["live"] == true ? "*" : "")}({Shape(n["children"]!.AsArray())})"));
}
