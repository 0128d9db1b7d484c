using Sleigh.Api.Json;

namespace Sleigh.Api.Endpoints;

/// <summary>The body of an endpoint that needs nothing but the token.</summary>
internal readonly record struct NoRequest
{
    /// <summary>The one member that the added endpoints know in such a body.</summary>
    public static readonly string[] Fields = ["session_token"];

    public static NoRequest Read(BodyFields fields) => default;
}
