using System.Diagnostics.CodeAnalysis;

namespace Sleigh.Runtime;

/// <summary>Names a mount: <c>mnt_</c> and 12 lower-case hex digits.</summary>
public readonly record struct MountId
{
    internal const string Prefix = "mnt_";

    private readonly string? _text;

    private MountId(string text) => _text = text;

    /// <summary>A new, random id.</summary>
    public static MountId New() => new(EntityId.New(Prefix));

    /// <summary>Reads an id; false for any text that is not exactly of its form.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out MountId id)
    {
        bool ok = EntityId.IsValid(text, Prefix);
        id = ok ? new MountId(text!) : default;
        return ok;
    }

    /// <summary>Reads an id that must be valid, such as one from our own records.</summary>
    /// <exception cref="FormatException">The text is not an id of this form.</exception>
    public static MountId Parse(string text) => new(EntityId.Require(text, Prefix));

    /// <summary>The id as callers see it.</summary>
    public override string ToString() => _text ?? throw new InvalidOperationException("an empty MountId was used");
}
