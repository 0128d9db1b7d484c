using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>A name that a file has for a moment only. It is remembered before it appears, and taken away at the end if it still is there.</summary>
internal sealed class TemporaryName : IDisposable
{
    private readonly ITemporaryNames? _names;
    private readonly string _path;

    private TemporaryName(SafeFileHandle directory, KernelPath name, string path, ITemporaryNames? names) =>
        (Directory, Name, _path, _names) = (directory, name, path, names);

    /// <summary>Where it is.</summary>
    public SafeFileHandle Directory { get; }

    /// <summary>The name.</summary>
    public KernelPath Name { get; }

    /// <summary>Remembers a new name at the top of the mount that a target is in.</summary>
    public static TemporaryName For(TreeTarget target, SafeFileHandle root, ITemporaryNames? names)
    {
        (SafeFileHandle top, string path) = target.MountTop(root);
        return Remember(top, path, names);
    }

    /// <summary>Remembers a new name at the root of a tree.</summary>
    public static TemporaryName At(SafeFileHandle root, ITemporaryNames? names) =>
        Remember(Files.Open(root, ".", OpenFlags.PathOnly | OpenFlags.Directory), "/", names);

    private static TemporaryName Remember(SafeFileHandle top, string path, ITemporaryNames? names)
    {
        KernelPath name = NewFile.TemporaryName();
        path = $"{path.TrimEnd('/')}/{name}";
        try
        {
            names?.Add(path);
            return new TemporaryName(top, name, path, names);
        }
        catch (Exception)
        {
            top.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        NewFile.Forget(Directory, Name);
        Directory.Dispose();
        _names?.Remove(_path);
    }
}
