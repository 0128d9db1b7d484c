using Sleigh.Api.Routing;

namespace Sleigh.Api.Endpoints;

/// <summary>Every endpoint there is; a path that is not here is 404 <c>route_not_found</c>.</summary>
internal static class AllEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        .. HealthEndpoints.List(),
        .. SessionEndpoints.List(),
        .. SandboxEndpoints.List(),
        .. SnapshotEndpoints.List(),
        .. ExecEndpoints.List(),
        .. ExecStreamEndpoints.List(),
        .. FileEndpoints.List(),
        .. EventEndpoints.List(),
        .. PoolEndpoints.List(),
        .. AdminEndpoints.List(),
        .. InspectionEndpoints.List(),
        .. ConfigurationEndpoints.List(),
        .. AdminImageEndpoints.List(),
    ];
}
