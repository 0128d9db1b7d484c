using Sleigh.Api.Endpoints;
using Sleigh.Containerd;
using Sleigh.Runtime;
using ImageSummary = Sleigh.Runtime.ImageSummary;

namespace Sleigh.Api.Tests;

/// <summary><c>/admin/images/pull</c> and <c>/admin/images/prune</c>.</summary>
public sealed class ImagePullTests
{
    private const string Made = """{"image":{"name":"node:20","digest":"sha256:00","size_bytes":1234,"created":"2026-01-05T09:00:00.120Z","in_use":false}}""";

    [Fact]
    public async Task A_pull_streams_a_line_for_each_stage_and_the_image_last()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Images.Pull =
        [
            new PullProgress(PullStage.Resolving, []),
            new PullProgress(PullStage.Downloading, [Layer("a", 0, LayerState.Waiting), Layer("b", 5, LayerState.Downloading), Layer("c", 5, LayerState.Resuming)]),
            new PullProgress(PullStage.Unpacking, [Layer("a", 9, LayerState.Unpacked), Layer("b", 9, LayerState.Unpacking), Layer("c", 9, LayerState.Downloaded), Layer("d", 9, LayerState.Present)]),
        ];

        Answer answer = await api.SendAsync("POST", "/admin/images/pull", """{"name":"node:20","platform":"linux/arm64/v8"}""");

        Assert.Equal(200, answer.Status);
        Assert.Equal("application/x-ndjson; charset=utf-8", answer.Headers["Content-Type"]);
        Assert.Equal("linux/arm64/v8", api.Images.LastPlatform);
        Assert.Equal(
            $$$"""
            {"pull":{"stage":"resolving","layers":[]}}
            {"pull":{"stage":"downloading","layers":[{"digest":"a","size":9,"received":0,"state":"waiting"},{"digest":"b","size":9,"received":5,"state":"downloading"},{"digest":"c","size":9,"received":5,"state":"resuming"}]}}
            {"pull":{"stage":"unpacking","layers":[{"digest":"a","size":9,"received":9,"state":"done"},{"digest":"b","size":9,"received":9,"state":"unpacking"},{"digest":"c","size":9,"received":9,"state":"downloaded"},{"digest":"d","size":9,"received":9,"state":"present"}]}}
            {{{Made}}}

            """.ReplaceLineEndings("\n"),
            answer.Body);
    }

    [Fact]
    public async Task A_pull_that_fails_later_ends_with_the_error_as_last_line_and_one_that_fails_at_once_is_an_ordinary_error()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Images.Fail = new RuntimeException(ErrorKind.ImagePullFailed, "image pull failed")
        {
            Details = new Dictionary<string, object> { ["image"] = "node:20", ["reason"] = "network", ["cause"] = "no route" },
        };

        Answer atOnce = await api.SendAsync("POST", "/admin/images/pull", """{"name":"node:20"}""");
        api.Images.Pull = [new PullProgress(PullStage.Resolving, [])];
        Answer later = await api.SendAsync("POST", "/admin/images/pull", """{"name":"node:20"}""", null, ("X-Request-Id", "r"));

        Assert.Equal("no route", atOnce.Is(502, "image_pull_failed").Detail("cause"));
        Assert.Equal(200, later.Status);
        Assert.Equal(
            """{"error":"image pull failed","code":"image_pull_failed","details":{"image":"node:20","reason":"network","cause":"no route"},"request_id":"r"}""",
            later.Body.TrimEnd('\n').Split('\n')[^1]);
    }

    [Fact]
    public void A_throttle_lets_five_reports_a_second_pass_and_each_new_stage()
    {
        TestClock time = new();
        List<PullProgress> passed = [];
        PullThrottle throttle = new(new Into(passed), time);

        for (int i = 0; i < 100; i++)
        {
            throttle.Report(new PullProgress(PullStage.Downloading, [Layer("a", i, LayerState.Downloading)]));
            time.Milliseconds += 10;
        }

        throttle.Report(new PullProgress(PullStage.Unpacking, []));

        Assert.Equal([0, 20, 40, 60, 80], passed.SkipLast(1).Select(p => p.Layers[0].Received));
        Assert.Equal(PullStage.Unpacking, passed[^1].Stage);
    }

    [Theory]
    [InlineData("pull", """{}""", "bad_request", "name")]
    [InlineData("pull", """{"name":"A b"}""", "invalid_argument", "name")]
    [InlineData("pull", """{"name":"a","platform":"amd64"}""", "invalid_argument", "platform")]
    [InlineData("pull", """{"name":"a","platform":"linux/amd64/v1/x"}""", "invalid_argument", "platform")]
    [InlineData("pull", """{"name":7}""", "invalid_json", "name")]
    [InlineData("pull", """{"name":"a","tag":"x"}""", "unknown_field", "tag")]
    [InlineData("prune", """{"unused_for_seconds":-1}""", "invalid_argument", "unused_for_seconds")]
    [InlineData("prune", """{"unused_for_seconds":3153600001}""", "invalid_argument", "unused_for_seconds")]
    [InlineData("prune", """{"unused_for_seconds":"1"}""", "invalid_json", "unused_for_seconds")]
    [InlineData("prune", """{"all":true}""", "unknown_field", "all")]
    public async Task A_bad_body_is_400_with_its_field(string what, string body, string code, string field)
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Assert.Equal(field, (await api.SendAsync("POST", $"/admin/images/{what}", body)).Is(400, code).Detail("field"));
    }

    [Fact]
    public async Task A_prune_answers_with_what_went_and_how_much_it_was()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Images.All["a"] = new ImageSummary("a", "sha256:00", 1234, new DateTimeOffset(2026, 1, 5, 9, 0, 0, TimeSpan.Zero))
        {
            InUse = true, LastUsed = new DateTimeOffset(2026, 1, 6, 9, 0, 0, 5, TimeSpan.Zero),
        };

        Answer answer = await api.SendAsync("POST", "/admin/images/prune");

        Assert.Equal(
            """{"items":[{"name":"a","digest":"sha256:00","size_bytes":1234,"created":"2026-01-05T09:00:00.000Z","in_use":true,"last_used_at":"2026-01-06T09:00:00.005Z"}],"freed_bytes":1234}""",
            answer.Body);
        Assert.Equal((TimeSpan.Zero, false), api.Images.LastPrune);
        Assert.Equal(200, (await api.SendAsync("POST", "/admin/images/prune", """{"unused_for_seconds":60,"dry_run":true}""")).Status);
        Assert.Equal((TimeSpan.FromSeconds(60), true), api.Images.LastPrune);
    }

    private static LayerProgress Layer(string digest, long received, LayerState state) => new(digest, 9, received, state);

    private sealed class TestClock : TimeProvider
    {
        public long Milliseconds { get; set; } = 1000;

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Milliseconds;
    }

    private sealed class Into(List<PullProgress> list) : IProgress<PullProgress>
    {
        public void Report(PullProgress value) => list.Add(value);
    }
}
