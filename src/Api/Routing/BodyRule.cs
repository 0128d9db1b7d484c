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

    /// <summary>Not looked at; a stream of the endpoint's own counts as this too.</summary>
    Ignored,

    /// <summary>Read by the endpoint itself, of any size.</summary>
    Streamed,
}
