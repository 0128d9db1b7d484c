using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 1 and 42.</summary>
internal static class HealthEndpoints
{
    /// <summary>The path of <c>/healthz</c>.</summary>
    public const string AlivePath = "/" + Alive;

    private const string Alive = "healthz";

    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", Alive, NoRequest.Read, HealthAsync) { Access = AccessClass.Open, Body = BodyRule.Ignored },
        new Endpoint<NoRequest>("GET", "readyz", NoRequest.Read, ReadyAsync) { Access = AccessClass.Open, Body = BodyRule.Ignored },
    ];

    /// <summary>Only <c>/healthz</c> does.</summary>
    public static bool AnswersWhileStopping(Endpoint endpoint) => endpoint.Segments is [Alive];

    private static Task<Reply> HealthAsync(Call call, NoRequest request)
    {
        DateTimeOffset now = call.Dependencies.Time.GetUtcNow();
        return Task.FromResult(Reply.Json(200, json => HealthView.WriteAlive(json, now, call.Dependencies.Version)));
    }

    private static async Task<Reply> ReadyAsync(Call call, NoRequest request)
    {
        IReadOnlyList<HealthCheck> checks = await call.Dependencies.Host.CheckAsync(call.Gone);
        return checks.All(c => c.Ok)
            ? Reply.Json(200, json => HealthView.WriteReady(json, checks))
            : throw ApiErrors.NotReady(checks).Exception();
    }
}
