using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sleigh.Runtime;

/// <summary>What proves to a receiver that a body and its time come from this daemon.</summary>
internal static class WebhookSignature
{
    /// <summary>The value of <c>X-Signature</c>: HMAC-SHA256 over time, a dot and the body.</summary>
    /// <param name="secret">The key, as text.</param>
    /// <param name="unixSeconds">The value of <c>X-Timestamp</c>.</param>
    /// <param name="body">The raw body.</param>
    public static string Of(string secret, long unixSeconds, ReadOnlySpan<byte> body)
    {
        using IncrementalHash hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hash.AppendData(Encoding.ASCII.GetBytes(unixSeconds.ToString(CultureInfo.InvariantCulture) + "."));
        hash.AppendData(body);
        return "sha256=" + Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
