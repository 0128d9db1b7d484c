using Sleigh.Runtime.Options;

namespace Sleigh.Api.Transport;

/// <summary>Who may call at all, made from one state of section <c>http</c>.</summary>
/// <param name="From">The section.</param>
/// <param name="ApiKey">The key of those who issue sessions.</param>
/// <param name="HostAndOrigin">The names that headers may hold.</param>
internal sealed record FrontRules(HttpOptions From, ApiKeyCheck ApiKey, HostAndOrigin HostAndOrigin)
{
    public static FrontRules Of(HttpOptions options) => new(options, new ApiKeyCheck(options.ApiKey), new HostAndOrigin(options));
}
