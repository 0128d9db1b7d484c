using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Containerd;
using Sleigh.Runtime.Images;

namespace Sleigh.Runtime.Tests.Images;

public sealed class ImagePullsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private readonly FakePuller _puller = new();
    private readonly ManualTime _time = new();
    private readonly ImagePulls _pulls;

    public ImagePullsTests() => _pulls = new ImagePulls(_puller.PullAsync, () => Limit, _time, NullLogger.Instance);

    [Fact]
    public async Task Many_who_ask_for_one_image_share_one_pull()
    {
        List<string> pulled = [];
        _pulls.Pulled = pulled.Add;
        Task<string>[] all = [.. Enumerable.Range(0, 20).Select(i => PullAsync(i % 2 == 0 ? "node:20" : "docker.io/library/node:20"))];
        FakePuller.Pull pull = await _puller.BegunAsync(0);

        pull.Succeed();

        Assert.All(await Task.WhenAll(all), full => Assert.Equal("docker.io/library/node:20", full));
        Assert.Equal(1, _puller.Count);
        Assert.Equal(["docker.io/library/node:20"], pulled);
    }

    [Fact]
    public async Task Another_image_and_another_platform_are_pulls_of_their_own()
    {
        Task<string>[] all = [PullAsync("node:20"), PullAsync("node:21"), PullAsync("node:20", platform: "linux/arm64")];
        for (int i = 0; i < 3; i++)
        {
            (await _puller.BegunAsync(i)).Succeed();
        }

        await Task.WhenAll(all);
        Assert.Equal(3, _puller.Count);
    }

    [Fact]
    public async Task After_a_pull_has_ended_the_next_one_begins_anew()
    {
        Task<string> first = PullAsync("node:20");
        (await _puller.BegunAsync(0)).End.SetException(new RegistryException(RegistryErrorKind.Network, "no route"));
        await Assert.ThrowsAsync<RuntimeException>(() => first);

        Task<string> second = PullAsync("node:20");
        (await _puller.BegunAsync(1)).Succeed();

        await second;
    }

    [Fact]
    public async Task A_caller_who_goes_leaves_the_pull_to_those_who_wait()
    {
        using CancellationTokenSource goes = new();
        Task<string> first = PullAsync("node:20", cancellationToken: goes.Token);
        FakePuller.Pull pull = await _puller.BegunAsync(0);
        Task<string> second = PullAsync("node:20");

        await goes.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(pull.Token.IsCancellationRequested);
        pull.Succeed();

        await second;
        Assert.Equal(1, _puller.Count);
    }

    [Fact]
    public async Task The_last_caller_who_goes_ends_the_pull_and_a_later_one_waits_for_its_end()
    {
        _puller.HoldsOnWhenStopped = true;
        using CancellationTokenSource goes = new();
        Task<string> first = PullAsync("node:20", cancellationToken: goes.Token);
        FakePuller.Pull pull = await _puller.BegunAsync(0);

        await goes.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.True(pull.Token.IsCancellationRequested);
        Task<string> later = PullAsync("node:20");
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(1, _puller.Count);
        pull.End.SetCanceled(pull.Token);
        (await _puller.BegunAsync(1)).Succeed();

        await later;
    }

    [Fact]
    public async Task The_pull_of_a_create_goes_on_when_its_caller_has_gone()
    {
        using CancellationTokenSource goes = new();
        TaskCompletionSource<string> pulled = new();
        _pulls.Pulled = pulled.SetResult;
        Task<string> create = PullAsync("node:20", goesOn: true, cancellationToken: goes.Token);
        FakePuller.Pull pull = await _puller.BegunAsync(0);

        await goes.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => create);
        Assert.False(pull.Token.IsCancellationRequested);
        pull.Succeed();

        Assert.Equal("docker.io/library/node:20", await pulled.Task);
    }

    [Fact]
    public async Task Progress_goes_to_all_and_one_who_comes_later_hears_at_once_how_far_it_is()
    {
        Reports early = new();
        Reports late = new();
        Task<string> first = PullAsync("node:20", progress: early);
        FakePuller.Pull pull = await _puller.BegunAsync(0);
        pull.Progress!.Report(new PullProgress(PullStage.Resolving, []));

        Task<string> second = PullAsync("node:20", progress: late);
        Assert.Equal([PullStage.Resolving], late.Stages);
        pull.Progress.Report(new PullProgress(PullStage.Unpacking, []));
        pull.Succeed();
        await Task.WhenAll(first, second);

        Assert.Equal([PullStage.Resolving, PullStage.Unpacking], early.Stages);
        Assert.Equal([PullStage.Resolving, PullStage.Unpacking], late.Stages);
    }

    [Fact]
    public async Task A_pull_ends_at_its_limit_counted_from_its_own_start()
    {
        Task<string> first = PullAsync("node:20", goesOn: true);
        FakePuller.Pull pull = await _puller.BegunAsync(0);
        await _time.HasTimersAsync(2);
        _time.Advance(TimeSpan.FromSeconds(100));
        Task<string> second = PullAsync("node:20", goesOn: true);
        Assert.False(pull.Token.IsCancellationRequested);

        _time.Advance(TimeSpan.FromSeconds(20));

        foreach (Task<string> each in new[] { first, second })
        {
            RuntimeException error = await Assert.ThrowsAsync<RuntimeException>(() => each);
            Assert.Equal(ErrorKind.ImagePullTimeout, error.Kind);
            Assert.Equal(
                "image pull timed out after 120s for \"node:20\"; check server network connectivity or configure proxy (HTTP_PROXY/HTTPS_PROXY)", error.Message);
            Assert.Equal("node:20", error.Details["image"]);
            Assert.Equal(120, error.Details["timeout_seconds"]);
        }

        Assert.True(pull.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task A_pull_that_cannot_be_taken_back_does_not_hold_its_callers()
    {
        _puller.HoldsOnWhenStopped = true;
        Task<string> pull = PullAsync("node:20");
        await _puller.BegunAsync(0);
        await _time.HasTimersAsync(2);

        _time.Advance(TimeSpan.FromSeconds(122));

        Assert.Equal(ErrorKind.ImagePullTimeout, (await Assert.ThrowsAsync<RuntimeException>(() => pull)).Kind);
    }

    [Theory]
    [InlineData(RegistryErrorKind.NotFound, "not_found", "not found")]
    [InlineData(RegistryErrorKind.Denied, "denied", "access denied")]
    [InlineData(RegistryErrorKind.Network, "network", "network")]
    [InlineData(RegistryErrorKind.Invalid, "other", "other")]
    [InlineData(RegistryErrorKind.Other, "other", "other")]
    public async Task A_failed_pull_has_the_contracts_sentence_and_reason(RegistryErrorKind kind, string reason, string text)
    {
        Task<string> pull = PullAsync("node:20");
        (await _puller.BegunAsync(0)).End.SetException(new RegistryException(kind, "said the registry"));

        RuntimeException error = await Assert.ThrowsAsync<RuntimeException>(() => pull);

        Assert.Equal(ErrorKind.ImagePullFailed, error.Kind);
        Assert.Equal(
            $"image pull failed for \"node:20\": {text}; check server network connectivity or configure proxy (HTTP_PROXY/HTTPS_PROXY)", error.Message);
        Assert.Equal(reason, error.Details["reason"]);
        Assert.Equal("node:20", error.Details["image"]);
        Assert.Equal("said the registry", error.InnerException!.Message);
    }

    [Fact]
    public async Task An_image_that_cannot_be_used_is_another_failure_and_a_dead_containerd_its_own()
    {
        Task<string> wrong = PullAsync("node:20");
        (await _puller.BegunAsync(0)).End.SetException(new ImageException(ImageErrorKind.WrongPlatform, "for another processor"));
        Task<string> dead = PullAsync("node:21");
        (await _puller.BegunAsync(1)).End.SetException(new ContainerdException(ContainerdErrorKind.Unavailable, "gone"));

        Assert.Equal("other", (await Assert.ThrowsAsync<RuntimeException>(() => wrong)).Details["reason"]);
        Assert.Equal(ErrorKind.EngineUnavailable, (await Assert.ThrowsAsync<RuntimeException>(() => dead)).Kind);
    }

    [Fact]
    public async Task A_stop_takes_pulls_back_and_refuses_new_ones()
    {
        Task<string> pull = PullAsync("node:20", goesOn: true);
        FakePuller.Pull begun = await _puller.BegunAsync(0);

        _pulls.Stop();
        await _pulls.DrainAsync();

        Assert.True(begun.Token.IsCancellationRequested);
        Assert.Equal(ErrorKind.ShuttingDown, (await Assert.ThrowsAsync<RuntimeException>(() => pull)).Kind);
        Assert.Equal(ErrorKind.ShuttingDown, (await Assert.ThrowsAsync<RuntimeException>(() => PullAsync("node:21"))).Kind);
        Assert.Equal(1, _puller.Count);
    }

    [Fact]
    public async Task No_pull_begins_before_what_an_earlier_daemon_left_is_taken_back()
    {
        TaskCompletionSource recovered = new();
        _pulls.Recovered = recovered.Task;
        Task<string> pull = PullAsync("node:20");
        await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.Equal(0, _puller.Count);

        recovered.SetResult();
        (await _puller.BegunAsync(0)).Succeed();

        await pull;
    }

    [Fact]
    public async Task What_is_no_name_is_refused_by_its_field()
    {
        RuntimeException error = await Assert.ThrowsAsync<RuntimeException>(() => PullAsync("No Name"));

        Assert.Equal((ErrorKind.InvalidArgument, "bad request: \"No Name\" is not an image name"), (error.Kind, error.Message));
    }

    private Task<string> PullAsync(
        string image, string? platform = null, bool goesOn = false, IProgress<PullProgress>? progress = null, CancellationToken cancellationToken = default) =>
        _pulls.PullAsync(image, platform, goesOn, progress, cancellationToken);

    private sealed class Reports : IProgress<PullProgress>
    {
        public List<PullStage> Stages { get; } = [];

        public void Report(PullProgress value) => Stages.Add(value.Stage);
    }
}
