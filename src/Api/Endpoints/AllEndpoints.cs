using Sleigh.Api.Routing;

namespace Sleigh.Api.Endpoints;

/// <summary>Every endpoint there is; a path that is not here is 404 <c>route_not_found</c>.</summary>
internal static class AllEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        .. HealthEndpoints.List(),
        .. SessionEndpoints.List(),
        .. HistoryEndpoints.List(),
        .. SandboxEndpoints.List(),
        .. NetworkEndpoints.List(),
        .. MemoryEndpoints.List(),
        .. SnapshotEndpoints.List(),
        .. SnapshotDiffEndpoints.List(),
        .. SnapshotRestoreEndpoints.List(),
        .. UndoEndpoints.List(),
        .. SnapshotExportEndpoints.List(),
        .. ExecEndpoints.List(),
        .. ExecStreamEndpoints.List(),
        .. ReadEndpoints.List(),
        .. WorkflowEndpoints.List(),
        .. FileEndpoints.List(),
        .. SingleFileEndpoints.List(),
        .. CodeWriteEndpoints.List(),
        .. MountEndpoints.List(),
        .. PortEndpoints.List(),
        .. ZoneEndpoints.List(),
        .. EventEndpoints.List(),
        .. PoolEndpoints.List(),
        .. WebhookEndpoints.List(),
        .. AdminWebhookEndpoints.List(),
        .. HostEndpoints.List(),
        .. AdminEndpoints.List(),
        .. InspectionEndpoints.List(),
        .. FsckEndpoints.List(),
        .. AdminMemoryEndpoints.List(),
        .. AdminStorageEndpoints.List(),
        .. MetricsEndpoints.List(),
        .. DocumentEndpoints.List(),
        .. ConfigurationEndpoints.List(),
        .. AdminImageEndpoints.List(),
        .. AdminSnapshotEndpoints.List(),
        .. AuditEndpoints.List(),
    ];
}
