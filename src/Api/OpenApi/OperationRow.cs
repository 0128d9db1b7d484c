namespace Sleigh.Api.OpenApi;

/// <summary>What the document says of one endpoint beyond what the endpoint says of itself.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path pattern, with a leading slash.</param>
/// <param name="Number">Its number in the contract; 0 for an addition of our own.</param>
/// <param name="Tag">The area it belongs to.</param>
/// <param name="Summary">What it does, in a few words.</param>
internal sealed record OperationRow(string Method, string Path, int Number, string Tag, string Summary)
{
    /// <summary>What there is to know besides; null: nothing.</summary>
    public string? Description { get; init; }

    /// <summary>Members of the body in their order, without <c>session_token</c>.</summary>
    public IReadOnlyList<Member> Fields { get; init; } = [];

    /// <summary>Query parameters, without <c>session_token</c>.</summary>
    public IReadOnlyList<Member> Query { get; init; } = [];

    /// <summary>Request headers that only some endpoints look at.</summary>
    public IReadOnlyList<Member> Headers { get; init; } = [];

    /// <summary>What it answers when all goes well.</summary>
    public required IReadOnlyList<ReplyRow> Replies { get; init; }

    /// <summary>Error codes besides those that follow from access, body and path.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>The schema of errors of one status that hold more than the usual members.</summary>
    public (int Status, string Schema)? SpecialError { get; init; }

    /// <summary>A body for the example; null where none is sent.</summary>
    public string? Example { get; init; }

    /// <summary>What is added to the path in the example, from <c>?</c> on.</summary>
    public string? ExampleQuery { get; init; }

    /// <summary>The media type of a body that is no JSON.</summary>
    public string? BodyType { get; init; }
}
