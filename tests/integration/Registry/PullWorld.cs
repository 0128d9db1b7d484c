using System.Collections.Concurrent;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Containerd;
using Sleigh.IntegrationTests.Support;

namespace Sleigh.IntegrationTests.Registry;

/// <summary>A namespace of containerd for one test of pulls.</summary>
internal sealed class PullWorld
{
    private PullWorld(ImageWorld images, ImageLimits? limits)
    {
        Images = images;
        Limits = limits;
    }

    public ImageWorld Images { get; }

    public ImageLimits? Limits { get; }

    /// <summary>What the puller had to say.</summary>
    public ConcurrentQueue<string> Reports { get; } = [];

    /// <summary>All progress of the last pull.</summary>
    public List<PullProgress> Progress { get; } = [];

    public static async Task<PullWorld> MakeAsync(PrivateContainerd fixture, ImageLimits? limits = null) =>
        new(await ImageWorld.MakeAsync(fixture, limits), limits);

    public ImagePuller Puller(RegistrySettings? settings = null) => new(
        Images.Client,
        Limits,
        (settings ?? new RegistrySettings()) with { Report = Reports.Enqueue, FirstPause = TimeSpan.FromMilliseconds(20), CertificateFolder = settings?.CertificateFolder },
        TimeProvider.System);

    public async Task<string> PullAsync(
        string name, RegistrySettings? settings = null, string? platform = null, CancellationToken cancellationToken = default)
    {
        using ImagePuller puller = Puller(settings);
        lock (Progress)
        {
            Progress.Clear();
        }

        return await Images.Images.PullAsync(name, platform, puller, new Listener(Progress), cancellationToken);
    }

    /// <summary>A pull that fails and leaves nothing.</summary>
    public async Task<RegistryException> RefuseAsync(string name, RegistrySettings? settings = null, string? platform = null)
    {
        RegistryException error = await Assert.ThrowsAsync<RegistryException>(() => PullAsync(name, settings, platform));
        await Images.AssertEmptyAsync();
        return error;
    }

    public async Task<string> ReadAsync(string name, string file) =>
        await File.ReadAllTextAsync(Path.Combine((await Images.Images.OpenAsync(name)).Lowers[0], file));

    private sealed class Listener : IProgress<PullProgress>
    {
        private readonly List<PullProgress> _all;

        public Listener(List<PullProgress> all)
        {
            _all = all;
        }

        public void Report(PullProgress value)
        {
            lock (_all)
            {
                _all.Add(value);
            }
        }
    }
}
