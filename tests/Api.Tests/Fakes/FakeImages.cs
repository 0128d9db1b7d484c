using Sleigh.Runtime;
using PullProgress = Sleigh.Containerd.PullProgress;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeImages : IImages
{
    public SortedDictionary<string, ImageSummary> All { get; } = new(StringComparer.Ordinal);

    public long ImportedBytes { get; private set; }

    public string[] Progress { get; set; } = ["fetching", "unpacking"];

    public PullProgress[] Pull { get; set; } = [];

    public string? ConfigFrom { get; private set; }

    public string? LastPlatform { get; private set; }

    public (TimeSpan UnusedFor, bool DryRun)? LastPrune { get; private set; }

    public RuntimeException? Fail { get; set; }

    public Task<IReadOnlyList<ImageSummary>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ImageSummary>>([.. All.Values]);

    public async Task<IReadOnlyList<ImageSummary>> ImportAsync(Stream archive, string? name, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[81_920];
        int read;
        while ((read = await archive.ReadAsync(buffer, cancellationToken)) > 0)
        {
            ImportedBytes += read;
        }

        return Fail is { } refused ? throw refused : [Put(name ?? "archive:own")];
    }

    public Task<IReadOnlyList<ImageSummary>> ImportTreeAsync(Stream tar, string name, string? configFrom, CancellationToken cancellationToken)
    {
        ConfigFrom = configFrom;
        return ImportAsync(tar, $"tree/{name}", cancellationToken);
    }

    public async Task<ImageSummary> BootstrapAsync(
        string name, string suite, IReadOnlyList<string> include, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        foreach (string line in Progress)
        {
            progress?.Report(line);
            await Task.Yield();
        }

        return Fail is { } refused ? throw refused : Put(name);
    }

    public async Task<ImageSummary> PullAsync(
        string name, string? platform, IProgress<PullProgress>? progress, CancellationToken cancellationToken)
    {
        LastPlatform = platform;
        foreach (PullProgress step in Pull)
        {
            progress?.Report(step);
            await Task.Yield();
        }

        return Fail is { } refused ? throw refused : Put(name);
    }

    public Task<PrunedImages> PruneAsync(TimeSpan unusedFor, bool dryRun, CancellationToken cancellationToken)
    {
        LastPrune = (unusedFor, dryRun);
        return Task.FromResult(new PrunedImages([.. All.Values], 1234));
    }

    public Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        if (Fail is { } refused)
        {
            throw refused;
        }

        return All.Remove(name)
            ? Task.CompletedTask
            : throw new RuntimeException(ErrorKind.NotFound, $"resource not found: image {name}");
    }

    private ImageSummary Put(string name) => All[name] =
        new ImageSummary(name, "sha256:00", 1234, new DateTimeOffset(2026, 1, 5, 9, 0, 0, 120, TimeSpan.Zero));
}
