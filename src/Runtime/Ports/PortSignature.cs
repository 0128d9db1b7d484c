using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sleigh.Runtime;

/// <summary>
/// The signature of links: HMAC-SHA256 of sandbox, port and expiry under a key of the port's own. So a link opens nothing else, and dies when
/// the port is taken out or its sandbox deleted.
/// </summary>
internal static class PortSignature
{
    private const int KeyBytes = 32;

    /// <summary>A key for a new port.</summary>
    public static string NewKey() => RandomNumberGenerator.GetHexString(2 * KeyBytes, lowercase: true);

    /// <summary>The value of a link: the expiry in seconds since 1970, a point, the signature.</summary>
    public static string Make(string key, SandboxId sandbox, int port, DateTimeOffset expires)
    {
        string seconds = expires.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"{seconds}.{Base64Url.EncodeToString(Sign(key, sandbox, port, seconds))}";
    }

    /// <summary>Whether a value was made with this key for this port and is still good; until when.</summary>
    public static DateTimeOffset? Check(string key, SandboxId sandbox, int port, string value, DateTimeOffset now)
    {
        int point = value.IndexOf('.', StringComparison.Ordinal);
        if (point < 0 || !long.TryParse(value.AsSpan(0, point), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds() || now.ToUnixTimeSeconds() >= seconds)
        {
            return null;
        }

        DateTimeOffset expires = DateTimeOffset.FromUnixTimeSeconds(seconds);
        bool good = CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(value), Encoding.UTF8.GetBytes(Make(key, sandbox, port, expires)));
        return good ? expires : null;
    }

    private static byte[] Sign(string key, SandboxId sandbox, int port, string seconds) => HMACSHA256.HashData(
        Convert.FromHexString(key), Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"port\n{sandbox}\n{port}\n{seconds}")));
}
