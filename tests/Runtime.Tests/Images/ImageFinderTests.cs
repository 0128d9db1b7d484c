using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Containerd;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Records;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Images;

public sealed class ImageFinderTests : IDisposable
{
    private const string Chain = "sha256:c0";

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-images-").FullName;
    private readonly FakePuller _puller = new();
    private readonly ManualTime _time = new();
    private readonly ImageHolds _holds = new();
    private readonly RecordStore _records;
    private readonly ImageUses _uses;
    private readonly ImageFinder _finder;
    private Func<ValueTask<ImageTree>> _open;

    public ImageFinderTests()
    {
        _records = RecordStore.Open(Path.Combine(_folder, "sleigh.db"));
        _uses = new ImageUses(_records, _time, NullLogger.Instance);
        _open = Missing;
        ImagePulls pulls = new(_puller.PullAsync, () => TimeSpan.FromSeconds(120), _time, NullLogger.Instance);
        _finder = new ImageFinder((_, _) => _open(), pulls, _holds, _uses, _time);
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _records.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task An_image_on_the_host_is_held_and_its_use_noted()
    {
        _open = Present;

        using (FoundImage? found = await _finder.FindAsync("base", notify: true, Cancelled))
        {
            Assert.Null(found!.Pull);
            Assert.False(_holds.TryBeginRemoval(Chain));
        }

        Assert.True(_holds.TryBeginRemoval(Chain));
        Assert.Equal(_time.GetUtcNow(), _uses.Of("docker.io/library/base:latest"));
        Assert.Equal(0, _puller.Count);
    }

    [Fact]
    public async Task A_missing_image_is_told_or_to_be_pulled()
    {
        RuntimeException error = await Assert.ThrowsAsync<RuntimeException>(async () => await _finder.FindAsync("node:20", notify: true, Cancelled));

        Assert.Equal((ErrorKind.ImagePullNeeded, "image \"node:20\" is not cached on host and needs pull"), (error.Kind, error.Message));
        Assert.Null(await _finder.FindAsync("node:20", notify: false, Cancelled));
    }

    [Fact]
    [ContractLine("C2", Part = "three seconds")]
    public async Task A_look_up_of_more_than_three_seconds_counts_as_missing_for_those_who_want_to_be_told()
    {
        TaskCompletionSource<ImageTree> slow = new();
        _open = () => new ValueTask<ImageTree>(slow.Task);
        Task<FoundImage?> find = _finder.FindAsync("node:20", notify: true, Cancelled).AsTask();
        await _time.HasTimersAsync(1);

        _time.Advance(TimeSpan.FromSeconds(3));

        RuntimeException error = await Assert.ThrowsAsync<RuntimeException>(() => find);
        Assert.Equal(
            (ErrorKind.ImagePullNeeded, "image cache check for \"node:20\" timed out; treating image pull as needed"), (error.Kind, error.Message));
        Assert.Equal(true, error.Details["cache_check_timed_out"]);
    }

    [Fact]
    public async Task Who_waits_anyhow_waits_for_a_slow_look_up()
    {
        TaskCompletionSource<ImageTree> slow = new();
        _open = () => new ValueTask<ImageTree>(slow.Task);
        Task<FoundImage?> find = _finder.FindAsync("node:20", notify: false, Cancelled).AsTask();
        _time.Advance(TimeSpan.FromSeconds(60));
        slow.SetResult(Tree);

        Assert.NotNull(await find);
    }

    [Fact]
    public async Task A_pull_gives_the_image_and_how_long_it_took()
    {
        Task<FoundImage> pull = _finder.PullAsync("base", Cancelled);
        FakePuller.Pull begun = await _puller.BegunAsync(0);
        _time.Advance(TimeSpan.FromSeconds(7));
        _open = Present;
        begun.Succeed();

        FoundImage found = await pull;

        Assert.Equal(TimeSpan.FromSeconds(7), found.Pull);
        Assert.False(_holds.TryBeginRemoval(Chain));
        found.Dispose();
        Assert.True(_holds.TryBeginRemoval(Chain));
    }

    [Fact]
    public async Task An_image_that_is_gone_again_after_two_pulls_is_given_up()
    {
        Task<FoundImage> pull = _finder.PullAsync("base", Cancelled);
        (await _puller.BegunAsync(0)).Succeed();
        (await _puller.BegunAsync(1)).Succeed();

        Assert.Equal("other", (await Assert.ThrowsAsync<RuntimeException>(() => pull)).Details["reason"]);
    }

    [Fact]
    public async Task An_image_being_removed_is_looked_for_again_after_that()
    {
        _open = Present;
        Assert.True(_holds.TryBeginRemoval(Chain));
        Task<FoundImage?> find = _finder.FindAsync("base", notify: false, Cancelled).AsTask();
        await _time.HasTimersAsync(1);
        _open = Missing;
        _holds.EndRemoval(Chain);

        _time.Advance(TimeSpan.FromMilliseconds(50));

        Assert.Null(await find);
    }

    [Fact]
    public async Task An_image_for_another_platform_says_so()
    {
        _open = () => throw new ImageException(ImageErrorKind.WrongPlatform, "it is for linux/arm64");

        RuntimeException error = await Assert.ThrowsAsync<RuntimeException>(async () => await _finder.FindAsync("node:20", notify: false, Cancelled));

        Assert.Equal((ErrorKind.SandboxStartFailed, "image \"node:20\" cannot be used: it is for linux/arm64"), (error.Kind, error.Message));
    }

    private static ImageTree Tree => new("docker.io/library/base:latest", "sha256:00", Chain, new ImageConfig(), []);

    private static ValueTask<ImageTree> Present() => new(Tree);

    private static ValueTask<ImageTree> Missing() => throw new ImageException(ImageErrorKind.NotFound, "there is no image");
}
