namespace Sleigh.Api.OpenApi;

/// <summary>The shared schemas by name.</summary>
internal static class AllSchemas
{
    /// <summary>In the order of the document.</summary>
    public static IReadOnlyList<(string Name, Schema Schema)> List { get; } =
    [
        .. SandboxSchemas.List(),
        .. ExecSchemas.List(),
        .. SnapshotSchemas.List(),
        .. MemorySchemas.List(),
        .. PortSchemas.List(),
        .. WorkSchemas.List(),
        .. HostSchemas.List(),
    ];

    private static readonly Dictionary<string, Schema> ByName = List.ToDictionary(s => s.Name, s => s.Schema, StringComparer.Ordinal);

    /// <summary>What a schema stands for.</summary>
    public static Schema Resolve(Schema schema) => schema.Ref is { } name ? ByName[name] : schema;
}
