namespace Sleigh.Api.OpenApi;

/// <summary>The rows of all areas.</summary>
internal static class AllRows
{
    /// <summary>In the order of the document.</summary>
    public static IReadOnlyList<OperationRow> List { get; } =
    [
        .. SessionRows.List(),
        .. SandboxRows.List(),
        .. ExecRows.List(),
        .. SnapshotRows.List(),
        .. MemoryRows.List(),
        .. PortRows.List(),
        .. WorkRows.List(),
        .. FileRows.List(),
        .. HostRows.List(),
    ];
}
