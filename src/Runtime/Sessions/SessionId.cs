using System.Diagnostics.CodeAnalysis;

namespace Sleigh.Runtime;

/// <summary>Names a session; not secret: <c>sid_</c> and 12 lower-case hex digits.</summary>
public readonly record struct SessionId
{
    internal const string Prefix = "sid_";

    private readonly string? _text;

    private SessionId(string text) => _text = text;

    /// <summary>The 12 hex digits behind the prefix.</summary>
    public string Hex => ToString()[Prefix.Length..];

    /// <summary>A new, random id.</summary>
    public static SessionId New() => new(EntityId.New(Prefix));

    /// <summary>Reads an id; false for any text that is not exactly of its form.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SessionId id)
    {
        bool ok = EntityId.IsValid(text, Prefix);
        id = ok ? new SessionId(text!) : default;
        return ok;
    }

    /// <summary>Reads an id that must be valid, such as one from our own records.</summary>
    /// <exception cref="FormatException">The text is not an id of this form.</exception>
    public static SessionId Parse(string text) => new(EntityId.Require(text, Prefix));

    /// <summary>The id as callers see it.</summary>
    public override string ToString() => _text ?? throw new InvalidOperationException("an empty SessionId was used");
}
