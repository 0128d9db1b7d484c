using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Sleigh.Network;

/// <summary>Names a sandbox's network namespace, its part in the CNI network, and its chain and counter: <c>net_</c> and 12 lower-case hex digits.</summary>
public readonly record struct NamespaceName
{
    private const string Prefix = "net_";
    private const int Digits = 12;

    private readonly string? _text;

    private NamespaceName(string text) => _text = text;

    /// <summary>A new one.</summary>
    public static NamespaceName New() => new(Prefix + RandomNumberGenerator.GetHexString(Digits, lowercase: true));

    /// <summary>Reads one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NamespaceName name)
    {
        bool ok = text is { Length: 4 + Digits } && text.StartsWith(Prefix, StringComparison.Ordinal)
            && text.Skip(Prefix.Length).All(char.IsAsciiHexDigitLower);
        name = ok ? new NamespaceName(text!) : default;
        return ok;
    }

    /// <summary>Reads one.</summary>
    /// <exception cref="FormatException">The text is no such name.</exception>
    public static NamespaceName Parse(string text) =>
        TryParse(text, out NamespaceName name) ? name : throw new FormatException($"'{text}' is no name of a network namespace");

    /// <summary>The name.</summary>
    public override string ToString() => _text ?? throw new InvalidOperationException("an empty NamespaceName was used");
}
