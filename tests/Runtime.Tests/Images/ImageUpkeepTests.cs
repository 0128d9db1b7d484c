using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Containerd;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Tests.Images;

public sealed class ImageUpkeepTests
{
    private readonly ManualTime _time = new();
    private readonly Recorder _images = new();
    private readonly Background _background = new(NullLogger.Instance);
    private LiveOptions _options = new(new SleighOptions());

    [Fact]
    public async Task The_list_is_pulled_at_start_and_a_day_later_again()
    {
        ImageUpkeep upkeep = Make(["a", "b", "a"]);

        await TickAsync(upkeep);
        Assert.Equal(["pull a", "pull b"], _images.Take());
        _time.Advance(TimeSpan.FromMinutes(59));
        await TickAsync(upkeep);
        Assert.Empty(_images.Take());
        _time.Advance(TimeSpan.FromHours(23));
        await TickAsync(upkeep);
        Assert.DoesNotContain("pull a", _images.Take());
        _time.Advance(TimeSpan.FromMinutes(1));
        await TickAsync(upkeep);
        Assert.Equal(["pull a", "pull b"], _images.Take().Where(d => d.StartsWith("pull", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_could_not_be_pulled_is_tried_again_at_the_next_clean_up()
    {
        ImageUpkeep upkeep = Make(["a", "b"]);
        _images.Fail["a"] = ErrorKind.ImagePullFailed;
        await TickAsync(upkeep);
        Assert.Equal(["pull a", "pull b"], _images.Take());
        _images.Fail.Clear();

        _time.Advance(TimeSpan.FromHours(1));
        await TickAsync(upkeep);

        Assert.Equal(["pull a", "prune views"], _images.Take());
    }

    [Fact]
    public async Task A_stopping_daemon_pulls_no_more()
    {
        ImageUpkeep upkeep = Make(["a", "b"]);
        _images.Fail["a"] = ErrorKind.ShuttingDown;

        await TickAsync(upkeep);

        Assert.Equal(["pull a"], _images.Take());
    }

    [Fact]
    public async Task Unused_images_go_with_each_clean_up_and_only_where_a_time_is_set()
    {
        ImageUpkeep upkeep = Make([], TimeSpan.FromDays(30));
        await TickAsync(upkeep);
        Assert.Empty(_images.Take());

        _time.Advance(TimeSpan.FromHours(1));
        await TickAsync(upkeep);
        await TickAsync(upkeep);
        Assert.Equal(["prune 30.00:00:00", "prune views"], _images.Take());
        _time.Advance(TimeSpan.FromHours(1));
        await TickAsync(upkeep);
        Assert.Equal(["prune 30.00:00:00", "prune views"], _images.Take());

        ImageUpkeep without = Make([]);
        _time.Advance(TimeSpan.FromHours(1));
        await TickAsync(without);
        Assert.Equal(["prune views"], _images.Take());
    }

    [Fact]
    public async Task After_a_reload_new_images_are_pulled_at_once_and_those_left_out_no_more()
    {
        ImageUpkeep upkeep = Make(["a"]);
        await TickAsync(upkeep);
        Assert.Equal(["pull a"], _images.Take());

        Reload(i => i with { Prefetch = ["b"] });
        await TickAsync(upkeep);
        Assert.Equal(["pull b"], _images.Take());
        _time.Advance(TimeSpan.FromDays(1));
        await TickAsync(upkeep);

        Assert.Equal(["pull b", "prune views"], _images.Take());
    }

    [Fact]
    public async Task After_a_reload_the_new_time_for_unused_images_and_the_new_interval_hold()
    {
        ImageUpkeep upkeep = Make([], TimeSpan.FromDays(30));
        await TickAsync(upkeep);

        Reload(i => i with { UnusedTime = TimeSpan.FromDays(2) }, TimeSpan.FromMinutes(5));
        _time.Advance(TimeSpan.FromMinutes(5));
        await TickAsync(upkeep);

        Assert.Equal(["prune 2.00:00:00", "prune views"], _images.Take());
    }

    [Fact]
    public async Task A_long_pull_is_not_begun_twice()
    {
        ImageUpkeep upkeep = Make(["a"]);
        _images.Gate = new TaskCompletionSource();
        upkeep.Tick();
        upkeep.Tick();
        _images.Gate.SetResult();
        await _background.DrainAsync();

        Assert.Equal(["pull a"], _images.Take());
    }

    private ImageUpkeep Make(string[] prefetch, TimeSpan? unused = null)
    {
        _options = new LiveOptions(new SleighOptions { Images = new ImagesOptions { Prefetch = prefetch, UnusedTime = unused } });
        return new ImageUpkeep(_images, _images.PruneViewsAsync, _options, _background, _time, NullLogger.Instance);
    }

    private void Reload(Func<ImagesOptions, ImagesOptions> images, TimeSpan? interval = null) => _options.Replace(_options.Now with
    {
        Images = images(_options.Now.Images),
        Maintenance = new MaintenanceOptions { Interval = interval ?? _options.Now.Maintenance.Interval },
    });

    private async Task TickAsync(ImageUpkeep upkeep)
    {
        upkeep.Tick();
        await _background.DrainAsync();
    }

    private sealed class Recorder : IImages
    {
        private readonly List<string> _done = [];

        public Dictionary<string, ErrorKind> Fail { get; } = [];

        public TaskCompletionSource? Gate { get; set; }

        public string[] Take()
        {
            string[] done = [.. _done];
            _done.Clear();
            return done;
        }

        public Task PruneViewsAsync(CancellationToken cancellationToken)
        {
            _done.Add("prune views");
            return Task.CompletedTask;
        }

        public async Task<ImageSummary> PullAsync(string name, string? platform, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
        {
            await (Gate?.Task ?? Task.CompletedTask);
            _done.Add($"pull {name}");
            return Fail.TryGetValue(name, out ErrorKind kind) ? throw new RuntimeException(kind, "no") : new ImageSummary(name, "", 0, default);
        }

        public Task<PrunedImages> PruneAsync(TimeSpan unusedFor, bool dryRun, CancellationToken cancellationToken)
        {
            _done.Add($"prune {unusedFor}");
            return Task.FromResult(new PrunedImages([], 0));
        }

        public Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<ImageSummary>> ImportTreeAsync(Stream tar, string name, string? configFrom, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<IReadOnlyList<ImageSummary>> ImportAsync(Stream archive, string? name, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<ImageSummary> BootstrapAsync(
            string name, string suite, IReadOnlyList<string> include, IProgress<string>? progress, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task RemoveAsync(string name, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
