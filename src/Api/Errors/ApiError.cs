namespace Sleigh.Api.Errors;

/// <summary>One error reply, apart from the request id.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable word of section 8 of the contract.</param>
/// <param name="Message">A sentence for a person or an agent.</param>
internal sealed record ApiError(int Status, string Code, string Message)
{
    private static readonly Dictionary<string, object> None = [];

    /// <summary>What to do next.</summary>
    public string? Hint { get; init; }

    /// <summary>Facts for programs: strings, booleans, integers, doubles, lists of strings.</summary>
    public IReadOnlyDictionary<string, object> Details { get; init; } = None;

    /// <summary>Members that stand at top level, before the request id.</summary>
    public IReadOnlyDictionary<string, object> TopLevel { get; init; } = None;

    /// <summary>The checks of <c>/readyz</c>.</summary>
    public IReadOnlyList<Runtime.HealthCheck>? Checks { get; init; }

    /// <summary>When the same call may be granted; null: the usual time of its kind.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the connection cannot be used for another request.</summary>
    public bool CloseConnection { get; init; }

    /// <summary>The exception that ends the call with this error.</summary>
    public ApiException Exception() => new(this);
}
