using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>A directory that only we may enter.</summary>
internal static class PrivateDirectory
{
    /// <summary>Makes it, with its parents, and sets mode 0700.</summary>
    public static void Ensure(string path)
    {
        Directory.CreateDirectory(path);
        Files.SetMode(Descriptors.WorkingDirectory, path, 0x1C0); // 0700
    }
}
