using System.Buffers;
using System.Security.Cryptography;

namespace Sleigh.Runtime;

/// <summary>The common form of all ids: a prefix and 12 lower-case hex digits.</summary>
internal static class EntityId
{
    public const int HexLength = 12;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <summary>A new id with 48 random bits.</summary>
    public static string New(string prefix) => prefix + RandomNumberGenerator.GetHexString(HexLength, lowercase: true);

    public static bool IsValid(string? text, string prefix) =>
        text is not null
        && text.Length == prefix.Length + HexLength
        && text.StartsWith(prefix, StringComparison.Ordinal)
        && !text.AsSpan(prefix.Length).ContainsAnyExcept(Hex);

    public static string Require(string? text, string prefix) => IsValid(text, prefix)
        ? text!
        : throw new FormatException($"'{text}' is not an id of the form {prefix}<12 hex digits>");
}
