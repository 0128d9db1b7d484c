using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>A private directory under /tmp that takes its mounts with it.</summary>
public sealed class TestDirectory : IDisposable
{
    /// <param name="memory">On a tmpfs of its own, so that the host's root can be a lower layer beside it.</param>
    public TestDirectory(bool memory = false)
    {
        Path = $"/tmp/sl-{Guid.NewGuid().ToString("N")[..8]}";
        Directory.CreateDirectory(Path);
        if (memory)
        {
            Mounts.Mount("tmpfs", Path, "tmpfs", MountFlags.None);
        }
    }

    public string Path { get; }

    public string this[string name] => $"{Path}/{name}";

    public string Make(string name)
    {
        Directory.CreateDirectory(this[name]);
        return this[name];
    }

    public void Dispose()
    {
        foreach (MountEntry mount in MountInfo.Read().Where(m => m.MountPoint == Path || m.MountPoint.StartsWith(Path + "/", StringComparison.Ordinal)).Reverse())
        {
            Mounts.Unmount(mount.MountPoint, detach: true);
        }

        Shell.Run("rm", "-rf", Path);
    }
}
