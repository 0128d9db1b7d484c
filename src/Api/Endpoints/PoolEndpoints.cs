using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 29 and 30 of the contract, and what the administrator sees besides.</summary>
internal static class PoolEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "warm-pool", NoRequest.Read, GetAsync) { Access = AccessClass.Trusted },
        new Endpoint<NoRequest>("POST", "warm-pool/refill", NoRequest.Read, RefillAsync)
        {
            Access = AccessClass.Trusted,
            Body = BodyRule.Ignored,
        },
        new Endpoint<NoRequest>("GET", "admin/pool", NoRequest.Read, GetWholeAsync) { Access = AccessClass.Socket },
    ];

    private static Task<Reply> GetAsync(Call call, NoRequest request) =>
        Task.FromResult(Reply.Json(200, json => WarmPoolView.Write(json, call.Dependencies.Pool.Status)));

    private static async Task<Reply> RefillAsync(Call call, NoRequest request)
    {
        WarmPoolStatus status = await call.Dependencies.Pool.RefillAsync(call.Gone);
        return Reply.Json(200, json => WarmPoolView.Write(json, status));
    }

    private static Task<Reply> GetWholeAsync(Call call, NoRequest request) =>
        Task.FromResult(Reply.Json(200, json => WarmPoolView.WriteWhole(json, call.Dependencies.Pool.Status)));
}
