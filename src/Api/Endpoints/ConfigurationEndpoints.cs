using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;

namespace Sleigh.Api.Endpoints;

/// <summary>The daemon's configuration, over the administrator's socket only.</summary>
internal static class ConfigurationEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "admin/config", NoRequest.Read, ShowAsync) { Access = AccessClass.Socket },
        new Endpoint<NoRequest>("POST", "admin/config/reload", NoRequest.Read, ReloadAsync) { Access = AccessClass.Socket, Body = BodyRule.Lenient },
    ];

    private static Task<Reply> ShowAsync(Call call, NoRequest request) => Task.FromResult(Reply.Json(
        200, json => SleighApi.WriteSettings(json, call.Dependencies.Configuration.Settings)));

    private static async Task<Reply> ReloadAsync(Call call, NoRequest request)
    {
        ReloadResult result = await call.Dependencies.Configuration.ReloadAsync();
        return result.Refusal is null
            ? Reply.Json(200, json => ConfigurationView.WriteReload(json, result))
            : throw ApiErrors.ReloadRefused(result).Exception();
    }
}
