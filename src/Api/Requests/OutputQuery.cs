using System.Globalization;
using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>Query of <c>GET /sandboxes/{id}/exec/{execId}/output</c>.</summary>
internal sealed record OutputQuery(ExecStream Stream, long Offset, int Limit, bool Base64)
{
    private const int DefaultLimit = 262_144;
    private const int MostLimit = 1_048_576;

    /// <summary>Reads it from raw parameters, null where one is not there.</summary>
    public static OutputQuery Parse(string? stream, string? offset, string? limit, string? encoding) => new(
        stream switch
        {
            null or "stdout" => ExecStream.Stdout,
            "stderr" => ExecStream.Stderr,
            _ => throw ApiErrors.NotOneOf("stream", "stdout", "stderr").Exception(),
        },
        Number("offset", offset, 0, 0, long.MaxValue),
        (int)Number("limit", limit, DefaultLimit, 1, MostLimit),
        IsBase64(encoding));

    /// <summary>A byte offset; 0 when it is not there.</summary>
    public static long ParseOffset(string field, string? text) => Number(field, text, 0, 0, long.MaxValue);

    /// <summary>Parameter <c>encoding</c>.</summary>
    public static bool IsBase64(string? encoding) => encoding switch
    {
        null or "utf8" => false,
        "base64" => true,
        _ => throw ApiErrors.NotOneOf("encoding", "utf8", "base64").Exception(),
    };

    private static long Number(string field, string? text, long missing, long least, long most)
    {
        if (text is null)
        {
            return missing;
        }

        bool ok = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= least && number <= most;
        return ok ? number : throw ApiErrors.Invalid(field, most == long.MaxValue
            ? "must be a byte offset of 0 or more"
            : string.Create(CultureInfo.InvariantCulture, $"must be {least} to {most}")).Exception();
    }
}
