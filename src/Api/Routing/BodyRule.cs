namespace Sleigh.Api.Routing;

/// <summary>What an endpoint makes of its request body.</summary>
internal enum BodyRule
{
    /// <summary>A JSON object must come.</summary>
    Required,

    /// <summary>Nothing, or a JSON object.</summary>
    Optional,

    /// <summary>Nothing, or a JSON object; what is not one is ignored.</summary>
    Lenient,

    /// <summary>Not looked at; only its announced size is.</summary>
    Ignored,

    /// <summary>Read by the endpoint itself, of any size.</summary>
    Streamed,
}
