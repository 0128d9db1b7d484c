using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Sleigh.Api.Cursors;

/// <summary>The form of a cursor: base64url without padding of a JSON text, a dot, base64url of the text's HMAC-SHA256.</summary>
internal static class CursorSeal
{
    private const int MaxLength = 4096;

    /// <summary>The cursor for a JSON text.</summary>
    public static string Seal(ReadOnlySpan<byte> json, string secret) =>
        $"{Base64Url.EncodeToString(json)}.{Base64Url.EncodeToString(Sign(json, secret))}";

    /// <summary>The JSON text of a cursor that this secret has signed; false for anything else.</summary>
    public static bool TryOpen(string cursor, string secret, [NotNullWhen(true)] out byte[]? json)
    {
        json = null;
        int dot = cursor.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0 || cursor.Length > MaxLength || !TryDecode(cursor[..dot], out byte[]? text) || !TryDecode(cursor[(dot + 1)..], out byte[]? signature)
            || !CryptographicOperations.FixedTimeEquals(signature, Sign(text, secret)))
        {
            return false;
        }

        json = text;
        return true;
    }

    private static byte[] Sign(ReadOnlySpan<byte> json, string secret) => HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), json);

    // The decoder also takes padding, white space and stray last bits; a cursor has one form only.
    private static bool TryDecode(string text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : null;
        return bytes is not null && Base64Url.EncodeToString(bytes) == text;
    }
}
