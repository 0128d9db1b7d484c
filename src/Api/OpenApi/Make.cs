namespace Sleigh.Api.OpenApi;

/// <summary>Short words for the tables of schemas.</summary>
internal static class Make
{
    public static Schema Text { get; } = new() { Type = "string" };

    public static Schema Int { get; } = new() { Type = "integer" };

    /// <summary>An integer from 0 on.</summary>
    public static Schema Count { get; } = new() { Type = "integer", Minimum = 0 };

    public static Schema Number { get; } = new() { Type = "number" };

    public static Schema Bool { get; } = new() { Type = "boolean" };

    /// <summary>RFC 3339, UTC, whole seconds.</summary>
    public static Schema Seconds { get; } =
        new() { Type = "string", Format = "date-time", Pattern = @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$" };

    /// <summary>RFC 3339, UTC, three fraction digits.</summary>
    public static Schema Millis { get; } =
        new() { Type = "string", Format = "date-time", Pattern = @"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$" };

    /// <summary>Text by text.</summary>
    public static Schema Labels { get; } = Map(Text);

    /// <summary>Permission bits as octal digits.</summary>
    public static Schema Mode { get; } = new() { Type = "string", Pattern = "^[0-7]{4}$" };

    /// <summary>A prefix and twelve hex digits.</summary>
    public static Schema Id(string prefix) => new() { Type = "string", Pattern = $"^{prefix}_[0-9a-f]{{12}}$" };

    public static Schema OneOf(params string[] words) => new() { Type = "string", Enum = words };

    public static Schema Ref(string name) => new() { Ref = name };

    public static Schema List(Schema items) => new() { Type = "array", Items = items };

    public static Schema Map(Schema values) => new() { Type = "object", Values = values };

    public static Schema Object(params IEnumerable<Member> members) => new() { Type = "object", Members = [.. members] };

    /// <summary>An object of any members.</summary>
    public static Schema Facts { get; } = new() { Type = "object", Values = new Schema() };

    /// <summary>An array under <c>items</c>.</summary>
    public static Schema Items(string name) => Object(Has("items", List(Ref(name))));

    /// <summary>A member that is always there; of a request, one that must be sent.</summary>
    public static Member Has(string name, Schema schema, string? description = null) => new(name, Described(schema, description), Optional: false);

    /// <summary>A member that may be missing.</summary>
    public static Member May(string name, Schema schema, string? description = null, object? or = null) =>
        new(name, Described(or is null ? schema : schema with { Default = or }, description), Optional: true);

    public static Schema AtLeast(this Schema schema, double minimum) => schema with { Minimum = minimum };

    public static Schema AtMost(this Schema schema, double maximum) => schema with { Maximum = maximum };

    public static Schema Longest(this Schema schema, int characters) => schema with { MaxLength = characters };

    public static Schema Most(this Schema schema, int count) => schema with { MaxCount = count };

    public static Schema Like(this Schema schema, string pattern) => schema with { Pattern = pattern };

    private static Schema Described(Schema schema, string? description) => description is null ? schema : schema with { Description = description };
}
