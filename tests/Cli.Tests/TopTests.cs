using System.Text.Json.Nodes;
using Sleigh.Cli.Output;
using Sleigh.Cli.Top;

namespace Sleigh.Cli.Tests;

public sealed class TopTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 9, 10, 0, TimeSpan.Zero);

    [Fact]
    public void A_sample_is_host_pool_and_a_row_for_each_sandbox() => Assert.Equal(
        """
        host  8 cores, load 0.50, memory 3 GB available of 4 GB, pressure 1.5 %
        pool  2 of 4 ready; 2 sandboxes, 3 commands running

        ID     NAME  IMAGE  STATUS   GRANTED   USED  USED%  PRESSURE   CPU%  PIDS  EXECS  AGE
        sbx_1  web   base   running   256 MB  64 MB   25.0       0.1  150.0     7      3   9m
        sbx_2  -     base   exited    128 MB      -      -         -      -     -      0    -
        """,
        string.Join('\n', TopView.Lines(Sample("09:00:02", 4_000_000), TopView.CpuPercent(Sample("09:00:00", 1_000_000), Sample("09:00:02", 4_000_000)), TopSort.Memory, Now, Paint.None)));

    [Theory]
    [InlineData("m", "b a c")]
    [InlineData("c", "c a b")]
    [InlineData("e", "a b c")]
    [InlineData("n", "a b c")]
    public void Rows_are_sorted_by_what_was_asked_for(string key, string expected)
    {
        JsonObject[] items =
        [
            Item("""{"sandbox_id":"1","name":"a","memory_used_bytes":2,"running_execs":5}"""),
            Item("""{"sandbox_id":"2","name":"b","memory_used_bytes":3,"running_execs":1}"""),
            Item("""{"sandbox_id":"3","name":"c"}"""),
        ];
        TopSort sort = key switch { "m" => TopSort.Memory, "c" => TopSort.Cpu, "e" => TopSort.Execs, _ => TopSort.Name };

        IEnumerable<JsonObject> sorted = TopView.Sorted(items, new Dictionary<string, double> { ["3"] = 9, ["1"] = 1 }, sort);

        Assert.Equal(expected, string.Join(' ', sorted.Select(i => (string?)i["name"])));
    }

    [Fact]
    public void Cpu_needs_two_samples_and_a_counter_that_did_not_begin_anew()
    {
        Assert.Empty(TopView.CpuPercent(null, Sample("09:00:02", 5)));
        Assert.Empty(TopView.CpuPercent(Sample("09:00:02", 5), Sample("09:00:02", 9)));
        Assert.Empty(TopView.CpuPercent(Sample("09:00:00", 9), Sample("09:00:02", 5)));
    }

    [Theory]
    [InlineData("abcdef", 3, "abc")]
    [InlineData("\u001b[7mabcdef\u001b[0m", 3, "\u001b[7mabc")]
    [InlineData("ab", 3, "ab")]
    public void A_line_is_cut_to_the_window_without_counting_colours(string line, int columns, string expected) =>
        Assert.Equal(expected, TopScreen.Cut(line, columns));

    [Fact]
    public async Task Without_a_terminal_it_prints_samples_without_control_characters()
    {
        int usec = 0;
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, Sample($"09:00:0{usec}", ++usec * 500_000).ToJsonString()));

        CliRun once = await CliRun.OfAsync(["top"], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["top", "-o", "json"], server.SocketPath);
        CliRun series = await CliRun.OfAsync(["top", "-o", "json", "-n", "2", "-d", "0.1"], server.SocketPath);
        CliRun wrong = await CliRun.OfAsync(["top", "--delay", "0"], server.SocketPath);

        Assert.StartsWith("host  8 cores", once.Stdout, StringComparison.Ordinal);
        Assert.Contains("  50.0     7", once.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain(once.Stdout, c => char.IsControl(c) && c != '\n');
        Assert.Equal("sbx_1", (string?)json.Json["items"]![1]!["sandbox_id"]);
        Assert.Equal(2, series.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)).Count());
        Assert.Equal(ExitCode.Usage, wrong.ExitCode);
    }

    private static JsonObject Sample(string time, long usec) => Item(
        $$"""
        {"time":"2026-01-05T{{time}}.000Z","host":{"logical_cores":8,"load1":0.5,"memory_total_bytes":4294967296,"memory_available_bytes":3221225472,"memory_pressure_some_avg10":1.5},
         "pool":{"available":2,"target_now":4},"items":[
          {"sandbox_id":"sbx_2","image":"base","status":"exited","memory_limit_bytes":134217728,"running_execs":0},
          {"sandbox_id":"sbx_1","name":"web","image":"base","status":"running","memory_limit_bytes":268435456,"memory_used_bytes":67108864,"memory_some_avg10":0.1,
           "cpu_usec":{{usec}},"pids":7,"running_execs":3,"created":"2026-01-05T09:00:01.000Z"}]}
        """);

    private static JsonObject Item(string json) => (JsonObject)JsonNode.Parse(json)!;
}
