using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Sleigh.Overlay;

/// <summary>
/// The name of a layer: <c>lyr-</c> and hex digits for a live one, <c>snap-</c> and hex digits for a sealed one. A value
/// that exists is safe as the name of a directory.
/// </summary>
public readonly record struct LayerId : IComparable<LayerId>
{
    private const string LivePrefix = "lyr-";
    private const string SealedPrefix = "snap-";
    private const int MinDigits = 8;
    private const int MaxDigits = 32;
    private readonly string? _text;

    private LayerId(string text) => _text = text;

    /// <summary>Whether it names a sandbox's writable layer.</summary>
    public bool IsLive => _text?.StartsWith(LivePrefix, StringComparison.Ordinal) ?? false;

    /// <summary>Whether it names a snapshot's layer.</summary>
    public bool IsSealed => _text?.StartsWith(SealedPrefix, StringComparison.Ordinal) ?? false;

    /// <summary>A new random name for a live layer.</summary>
    public static LayerId NewLive() => new(LivePrefix + RandomNumberGenerator.GetHexString(12, lowercase: true));

    /// <summary>A new random name for a sealed layer.</summary>
    public static LayerId NewSealed() => new(SealedPrefix + RandomNumberGenerator.GetHexString(12, lowercase: true));

    /// <summary>The live or sealed layer with these 8 to 32 lower-case hex digits, such as those of a snapshot's id.</summary>
    /// <exception cref="FormatException">The digits are none.</exception>
    public static LayerId Sealed(string digits) => Parse(SealedPrefix + digits);

    /// <inheritdoc cref="Sealed"/>
    public static LayerId Live(string digits) => Parse(LivePrefix + digits);

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static LayerId Parse(string text) =>
        TryParse(text, out LayerId id)
            ? id
            : throw new FormatException(
                $"'{text}' is no layer id: lyr- or snap- and {MinDigits} to {MaxDigits} lower-case hex digits");

    /// <summary>Reads a name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out LayerId id)
    {
        string? digits = text switch
        {
            null => null,
            _ when text.StartsWith(LivePrefix, StringComparison.Ordinal) => text[LivePrefix.Length..],
            _ when text.StartsWith(SealedPrefix, StringComparison.Ordinal) => text[SealedPrefix.Length..],
            _ => null,
        };
        bool ok = digits is { Length: >= MinDigits and <= MaxDigits } && digits.All(char.IsAsciiHexDigitLower);
        id = ok ? new LayerId(text!) : default;
        return ok;
    }

    /// <inheritdoc/>
    public int CompareTo(LayerId other) => string.CompareOrdinal(_text, other._text);

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";

    /// <summary>Earlier in the alphabet.</summary>
    public static bool operator <(LayerId left, LayerId right) => left.CompareTo(right) < 0;

    /// <summary>Later in the alphabet.</summary>
    public static bool operator >(LayerId left, LayerId right) => left.CompareTo(right) > 0;

    /// <summary>Not later.</summary>
    public static bool operator <=(LayerId left, LayerId right) => left.CompareTo(right) <= 0;

    /// <summary>Not earlier.</summary>
    public static bool operator >=(LayerId left, LayerId right) => left.CompareTo(right) >= 0;
}
