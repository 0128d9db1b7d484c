using System.Globalization;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Requests;

/// <summary>Where a reader of both output streams begins, and how it wants the bytes.</summary>
internal sealed record OutputStreamQuery(long StdoutOffset, long StderrOffset, bool Base64)
{
    /// <summary>Reads it from raw parameters, null where one is not there; <c>Last-Event-ID</c> beats the offsets.</summary>
    public static OutputStreamQuery Parse(string? stdoutOffset, string? stderrOffset, string? encoding, string? lastEventId)
    {
        OutputStreamQuery query = new(
            OutputQuery.ParseOffset("stdout_offset", stdoutOffset),
            OutputQuery.ParseOffset("stderr_offset", stderrOffset),
            OutputQuery.IsBase64(encoding));
        if (string.IsNullOrEmpty(lastEventId))
        {
            return query;
        }

        string[] parts = lastEventId.Split('.');
        return parts.Length == 2 && IsOffset(parts[0], out long stdout) && IsOffset(parts[1], out long stderr)
            ? query with { StdoutOffset = stdout, StderrOffset = stderr }
            : throw ApiErrors.Invalid("Last-Event-ID", "must be <stdout offset>.<stderr offset>").Exception();
    }

    private static bool IsOffset(string text, out long offset) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
}
