namespace Sleigh.Runtime.Checks;

/// <summary>Programs that a later version can use. Facts only: nothing is wrong without them.</summary>
internal static class ToolChecks
{
    // Debian's package, and where the project's own archive is unpacked.
    private static readonly string[] CniFolders = ["/usr/lib/cni", "/opt/cni/bin"];

    public static IEnumerable<HostCheck> List() =>
    [
        new("criu", async token => Criu(HostTool.Find("criu") is { } path ? await HostTool.VersionAsync(path, token) ?? path : null)),
        new("cni", () => Cni(CniFolders.Where(Directory.Exists).Select(f => (f, Directory.EnumerateFiles(f).Count())).FirstOrDefault(f => f.Item2 > 0))),
    ];

    internal static Finding Criu(string? version) => Finding.Ok(version is null ? "not installed; this version does not use it" : $"{version}; this version does not use it");

    internal static Finding Cni((string? Folder, int Count) plugins) => Finding.Ok(plugins.Folder is null
        ? "no plugins; this version has no sandbox network that needs them"
        : $"{plugins.Count} plugins in {plugins.Folder}; this version does not use them");
}
