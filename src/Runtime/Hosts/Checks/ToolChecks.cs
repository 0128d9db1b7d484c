namespace Sleigh.Runtime.Checks;

/// <summary>Programs that a later version can use. Facts only: nothing is wrong without them.</summary>
internal static class ToolChecks
{
    public static IEnumerable<HostCheck> List() =>
    [
        new("criu", async token => Criu(HostTool.Find("criu") is { } path ? await HostTool.VersionAsync(path, token) ?? path : null)),
    ];

    internal static Finding Criu(string? version) => Finding.Ok(version is null ? "not installed; this version does not use it" : $"{version}; this version does not use it");
}
