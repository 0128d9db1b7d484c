using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;

namespace Sleigh.Api.Transport;

/// <summary>The value of <c>X-Request-Id</c>.</summary>
internal static class RequestIds
{
    public const string Header = "X-Request-Id";

    private const int MaxLength = 128;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>The caller's value if it is well-formed, else a new one.</summary>
    public static string Choose(StringValues sent) =>
        sent is [{ Length: > 0 and <= MaxLength } one] && !one.AsSpan().ContainsAnyExcept(Allowed)
            ? one
            : "req_" + RandomNumberGenerator.GetHexString(12, lowercase: true);
}
