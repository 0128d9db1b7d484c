using Sleigh.Overlay;

namespace Sleigh.IntegrationTests.Overlay.RandomTrees;

/// <summary>A live layer, mounted over its image, and what its processes do.</summary>
internal sealed class SandboxTree : IDisposable
{
    private readonly TestDirectory _directory;
    private readonly Random _random;
    private readonly Action<string> _log;
    private readonly bool _isVolatile;
    private MountedTree _mounted;
    private TreeChanges _changes;

    public SandboxTree(TestDirectory directory, LiveLayer layer, IReadOnlyList<string> image, string name, Random random, Action<string> log)
    {
        (_directory, Name, Image, _random, _log) = (directory, name, image, random, log);
        _isVolatile = random.Next(2) == 0;
        (_mounted, _changes) = Mount(layer);
        Expected = _mounted.Manifest();
    }

    public string Name { get; }

    public IReadOnlyList<string> Image { get; }

    public LiveLayer Layer => _mounted.Layer;

    /// <summary>What was there when it was last looked at by its own side.</summary>
    public IReadOnlyList<string> Expected { get; private set; }

    public void Change(int count)
    {
        if (count > 0)
        {
            _changes.Make(count);
            Expected = _mounted.Manifest();
        }
    }

    /// <summary>Fails if anything but its own processes has changed it.</summary>
    public void IsAsLeft(string when) => IsEqual(Expected, _mounted.Manifest(), $"{Name} {when}");

    /// <summary>As after the host's restart: its processes have gone, and it is mounted again.</summary>
    public async Task RemountAsync(LayerStore store)
    {
        Dispose();
        (_mounted, _changes) = Mount(await store.OpenLiveAsync(Layer.Id, renewWork: true));
        IsAsLeft("mounted again");
    }

    public static void IsEqual(IReadOnlyList<string> expected, IReadOnlyList<string> actual, string what)
    {
        string[] lines = [.. expected.Except(actual).Select(line => $"- {line}"), .. actual.Except(expected).Select(line => $"+ {line}")];
        Assert.True(lines.Length == 0, $"{what}:\n{string.Join('\n', lines)}");
    }

    public void Dispose()
    {
        _changes.Dispose();
        _mounted.Dispose();
        Directory.Delete(_mounted.Path);
    }

    private (MountedTree, TreeChanges) Mount(LiveLayer layer)
    {
        var mounted = new MountedTree(_directory, layer, Image, _isVolatile);
        return (mounted, new TreeChanges(mounted.Path, Name, isOverlay: true, _random, _log));
    }
}
