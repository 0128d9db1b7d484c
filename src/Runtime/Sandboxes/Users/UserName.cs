using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sleigh.Runtime;

/// <summary>A user as a caller writes it: <c>name</c>, <c>uid</c>, <c>uid:gid</c>, and as an image writes it: <c>name:group</c>.</summary>
public sealed record UserName
{
    private UserName(string user, string? group) => (User, Group) = (user, group);

    /// <summary>A name or a number.</summary>
    public string User { get; }

    /// <summary>A name or a number; null is the user's own group.</summary>
    public string? Group { get; }

    /// <summary>Reads a user; false for empty parts, control characters, or more than one colon.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out UserName? user)
    {
        string[] parts = text?.Split(':') ?? [];
        bool ok = parts.Length is 1 or 2 && parts.All(p => p.Length is > 0 and <= 64 && !p.Any(c => char.IsControl(c) || c is ' ' or '/'));
        user = ok ? new UserName(parts[0], parts.Length == 2 ? parts[1] : null) : null;
        return ok;
    }

    /// <summary>Reads a number that may be a uid or gid: 0 to 2^32 - 2.</summary>
    public static bool TryNumber(string text, out uint number) =>
        uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number != uint.MaxValue;
}
