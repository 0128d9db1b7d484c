namespace Sleigh.Api.OpenApi;

/// <summary>A JSON schema, as far as requests and replies of this API need it.</summary>
internal sealed record Schema
{
    /// <summary>Name of a shared schema that this one stands for; nothing else is set then but <see cref="Description"/>.</summary>
    public string? Ref { get; init; }

    /// <summary>JSON type: <c>string</c>, <c>integer</c>, <c>number</c>, <c>boolean</c>, <c>object</c>, <c>array</c>; null: any.</summary>
    public string? Type { get; init; }

    /// <summary>What it means.</summary>
    public string? Description { get; init; }

    /// <summary><c>date-time</c>, <c>uri</c>, <c>byte</c>.</summary>
    public string? Format { get; init; }

    /// <summary>A regular expression that a text matches.</summary>
    public string? Pattern { get; init; }

    /// <summary>The only values there are.</summary>
    public IReadOnlyList<string>? Enum { get; init; }

    /// <summary>What counts when it is not sent: a string, bool, int or double.</summary>
    public object? Default { get; init; }

    /// <summary>Least number.</summary>
    public double? Minimum { get; init; }

    /// <summary>Largest number.</summary>
    public double? Maximum { get; init; }

    /// <summary>Most characters of a text.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Most items of an array, or members of a map.</summary>
    public int? MaxCount { get; init; }

    /// <summary>What an array holds.</summary>
    public Schema? Items { get; init; }

    /// <summary>Members of an object. An object with members has no others.</summary>
    public IReadOnlyList<Member>? Members { get; init; }

    /// <summary>Of an object with names of any kind: its values.</summary>
    public Schema? Values { get; init; }

    /// <summary>Any one of these.</summary>
    public IReadOnlyList<Schema>? AnyOf { get; init; }

    /// <summary>The JSON type in the words of the error about a wrong one, as <see cref="Json.BodyFields"/> has them.</summary>
    public string Wanted => this switch
    {
        { Type: "string" } => "a string",
        { Type: "integer" } => "an integer",
        { Type: "number" } => "a number",
        { Type: "boolean" } => "true or false",
        { Type: "array", Items.Type: "string" } => "an array of strings",
        { Type: "array", Items.Type: "integer" } => "an array of integers",
        { Type: "array" } => "an array of objects",
        { Type: "object", Values.Type: "string" } => "an object of strings",
        { AnyOf: not null } => "a string or an object",
        _ => "an object",
    };
}
