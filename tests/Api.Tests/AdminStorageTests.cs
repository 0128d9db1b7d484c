using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary><c>/admin/storage</c>, its growth and its check.</summary>
public sealed class AdminStorageTests
{
    private const string Quota = "\"quota\":{\"kind\":\"btrfs\",\"on\":true,\"reason\":\"btrfs quotas\"}";

    [Fact]
    public async Task The_store_and_a_row_for_each_sandbox_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string _, string first) = await api.SandboxAsync();
        (string _, string second) = await api.SandboxAsync();
        Sandbox limited = api.Sandboxes.Find(SandboxId.Parse(first))! with { DiskLimitMb = 64, Name = "box" };
        Sandbox other = api.Sandboxes.Find(SandboxId.Parse(second))!;
        api.Storage.Report = api.Storage.Report with
        {
            Sandboxes =
            [
                new SandboxStorage(limited, new LayerSize(100, 40), [new LayerSize(90, 10), new LayerSize(70, 5)]),
                new SandboxStorage(other, new LayerSize(16, 16), []),
            ],
        };
        api.Socket = true;

        Answer answer = await api.SendAsync("GET", "/admin/storage");

        Assert.Equal(
            """{"driver":"btrfs","reason":"in a pool file","root":"/d/pool","total_bytes":8589934592,"free_bytes":5368709120,"""
            + """ "pool":{"file":"/d/pool.btrfs","size_bytes":8589934592,"allocated_bytes":3221225472,"disk_free_bytes":21474836480},""".Trim()
            + $$"""{{Quota}},"scrub":{},"shared_bytes":3221225401,"items":["""
            + $$"""{"sandbox_id":"{{first}}","name":"box","disk_limit_mb":64,"live_bytes":100,"live_exclusive_bytes":40,"snapshots":2,"snapshot_bytes":160,"snapshot_exclusive_bytes":15},"""
            + $$"""{"sandbox_id":"{{second}}","live_bytes":16,"live_exclusive_bytes":16,"snapshots":0,"snapshot_bytes":0,"snapshot_exclusive_bytes":0}]}""",
            answer.Body);
        Assert.False(api.Storage.Measured);
    }

    [Fact]
    public async Task What_nobody_counts_is_left_out_unless_it_is_measured()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string _, string id) = await api.SandboxAsync();
        Sandbox sandbox = api.Sandboxes.Find(SandboxId.Parse(id))!;
        api.Storage.Report = api.Storage.Report with
        {
            Pool = null, Quota = new LayerQuotaSupport(LayerQuotaKind.None, "copied", IsOn: false),
            Sandboxes = [new SandboxStorage(sandbox, new LayerSize(null, null), [new LayerSize(1, null), new LayerSize(null, null)])],
        };
        api.Socket = true;

        Answer answer = await api.SendAsync("GET", "/admin/storage?measure=true");

        Assert.EndsWith(
            $$""","quota":{"kind":"none","on":false,"reason":"copied"},"scrub":{},"items":[{"sandbox_id":"{{id}}","snapshots":2}]}""", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("pool", answer.Names);
        Assert.True(api.Storage.Measured);
        (await api.SendAsync("GET", "/admin/storage?measure=yes")).Is(400, "invalid_argument", "bad request: measure must be true or false");
    }

    [Fact]
    public async Task The_pool_grows_and_what_to_beware_of_is_said()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Answer grown = await api.SendAsync("POST", "/admin/storage/grow", """{"bytes":10737418240}""");
        Answer beware = await api.SendAsync("POST", "/admin/storage/grow", """{"bytes":107374182400}""");

        Assert.Equal(10737418240, grown.Root.GetProperty("pool").GetProperty("size_bytes").GetInt64());
        Assert.DoesNotContain("warning", grown.Names);
        Assert.Equal("beware", beware.Text("warning"));
        (await api.SendAsync("POST", "/admin/storage/grow", "{}")).Is(400, "bad_request");
    }

    [Fact]
    public async Task A_check_is_begun_and_ended_and_its_result_is_shown_byte_for_byte()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Answer begun = await api.SendAsync("POST", "/admin/storage/scrub");
        Answer again = await api.SendAsync("POST", "/admin/storage/scrub", """{"cancel":false}""");
        Answer ended = await api.SendAsync("POST", "/admin/storage/scrub", """{"cancel":true}""");
        Answer none = await api.SendAsync("POST", "/admin/storage/scrub", """{"cancel":true}""");

        Assert.Equal("running", begun.Root.GetProperty("scrub").GetProperty("running").GetProperty("outcome").GetString());
        Assert.Equal((false, "nothing done", false, "nothing done"), (begun.Names.Contains("warning"), again.Text("warning"), ended.Names.Contains("warning"), none.Text("warning")));
        Assert.Equal("cancelled", none.Root.GetProperty("scrub").GetProperty("last").GetProperty("outcome").GetString());

        api.Storage.Report = api.Storage.Report with
        {
            Scrub = new ScrubReport
            {
                Last = new Scrub
                {
                    Outcome = ScrubOutcome.Failed, Started = DateTimeOffset.UnixEpoch, Ended = DateTimeOffset.UnixEpoch.AddSeconds(2), Percent = 7, Error = "of the disk",
                    Count = new BtrfsScrubCount { Bytes = 9, ReadErrors = 1, ChecksumErrors = 2, MetadataErrors = 3, SuperErrors = 4, Corrected = 5, Uncorrectable = 6 },
                },
            },
        };
        Assert.Contains(
            """
            "scrub":{"last":{"outcome":"failed","started_at":"1970-01-01T00:00:00.000Z","ended_at":"1970-01-01T00:00:02.000Z","percent":7,"checked_bytes":9,"errors":10,
            "read_errors":1,"checksum_errors":2,"metadata_errors":3,"super_errors":4,"corrected":5,"uncorrectable":6,"error":"of the disk"}}
            """.ReplaceLineEndings(""),
            (await api.SendAsync("GET", "/admin/storage")).Body, StringComparison.Ordinal);
        (await api.SendAsync("POST", "/admin/storage/scrub", """{"cancel":1}""")).Is(400, "invalid_json");
        (await api.SendAsync("POST", "/admin/storage/scrub", """{"all":true}""")).Is(400, "unknown_field");
    }

    [Theory]
    [InlineData("""{"bytes":0}""", "bad request: bytes must be from 1048576 to 17592186044416")]
    [InlineData("""{"bytes":17592187092992}""", "bad request: bytes must be from 1048576 to 17592186044416")]
    [InlineData("""{"bytes":1048577}""", "bad request: bytes must be a multiple of 1048576")]
    public async Task A_bad_size_is_400(string body, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Assert.Equal("bytes", (await api.SendAsync("POST", "/admin/storage/grow", body)).Is(400, "invalid_argument", error).Detail("field"));
    }

    [Theory]
    [InlineData("GET", "/admin/storage")]
    [InlineData("POST", "/admin/storage/grow")]
    [InlineData("POST", "/admin/storage/scrub")]
    public async Task Over_TCP_these_paths_do_not_exist(string method, string path)
    {
        await using TestApi api = await TestApi.StartAsync();

        (await api.SendAsync(method, path, null, api.Token())).Is(404, "route_not_found");
    }
}
