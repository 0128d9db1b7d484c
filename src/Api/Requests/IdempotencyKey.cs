using Microsoft.Extensions.Primitives;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Requests;

/// <summary>The <c>Idempotency-Key</c> header: 1 to 255 printable ASCII characters.</summary>
internal static class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    private const int MaxLength = 255;

    /// <summary>The key; null when none was sent.</summary>
    public static string? Parse(StringValues sent)
    {
        if (sent.Count == 0)
        {
            return null;
        }

        return sent is [{ Length: > 0 and <= MaxLength } one] && !one.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? one
            : throw ApiErrors.Invalid(Header, $"must be 1 to {MaxLength} printable ASCII characters").Exception();
    }
}
