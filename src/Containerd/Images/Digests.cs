using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Sleigh.Containerd;

/// <summary>SHA-256 digests in the form that OCI gives them.</summary>
internal static class Digests
{
    public const string Prefix = "sha256:";
    private const int HexLength = 64;

    public static string Of(ReadOnlySpan<byte> bytes) => From(SHA256.HashData(bytes));

    public static string From(ReadOnlySpan<byte> hash) => Prefix + Convert.ToHexStringLower(hash);

    public static string Hex(string digest) => digest[Prefix.Length..];

    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is not null && text.Length == Prefix.Length + HexLength
        && text.StartsWith(Prefix, StringComparison.Ordinal) && text.Skip(Prefix.Length).All(char.IsAsciiHexDigitLower);

    /// <summary>The chain id of each layer of a stack, the lowest first (OCI image specification, "Layer ChainID").</summary>
    public static IReadOnlyList<string> ChainIds(IReadOnlyList<string> diffIds)
    {
        List<string> chain = [];
        foreach (string diffId in diffIds)
        {
            chain.Add(chain.Count == 0 ? diffId : Of(Encoding.ASCII.GetBytes($"{chain[^1]} {diffId}")));
        }

        return chain;
    }
}
