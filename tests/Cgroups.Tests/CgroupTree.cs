namespace Sleigh.Cgroups.Tests;

/// <summary>A folder with the files of a cgroup, as the kernel writes them.</summary>
internal sealed class CgroupTree : IDisposable
{
    public CgroupTree()
    {
        Root = Directory.CreateTempSubdirectory("sl-").FullName;
    }

    public string Root { get; }

    public Cgroup Group => Cgroup.Open(Root);

    public CgroupTree File(string name, string text)
    {
        string path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, text);
        return this;
    }

    public string Text(string name) => System.IO.File.ReadAllText(Path.Combine(Root, name));

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
