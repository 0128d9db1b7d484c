using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Sleigh.Api.Transport;

/// <summary>Compares <c>Authorization: Bearer</c> with the configured api key in constant time.</summary>
internal sealed class ApiKeyCheck
{
    private const string Scheme = "Bearer ";

    // Hashes have one length, so that the comparison says nothing about the key's own.
    private readonly byte[]? _hash;

    public ApiKeyCheck(string? key) => _hash = key is null ? null : Hash(key);

    /// <summary>Whether a key is configured.</summary>
    public bool IsConfigured => _hash is not null;

    /// <summary>Whether the header carries the key.</summary>
    public bool Matches(StringValues authorization) =>
        _hash is not null
        && authorization is [{ } one]
        && one.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Hash(one[Scheme.Length..].Trim()), _hash);

    /// <summary>The key's name in the audit log: <c>sha256:</c> and the first twelve hexadecimal digits of its hash; null where no key is configured.</summary>
    public string? Fingerprint => _hash is null ? null : $"sha256:{Convert.ToHexStringLower(_hash.AsSpan(0, 6))}";

    private static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
