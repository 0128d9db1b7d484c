using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /admin/storage/grow</c>.</summary>
internal sealed record GrowStorageRequest(long? Bytes)
{
    public static readonly string[] Fields = ["session_token", "bytes"];

    // The longest file of ext4 with blocks of 4 KiB.
    private const long Longest = 16L << 40;
    private const long Step = 1L << 20;

    /// <summary>Checks the types.</summary>
    public static GrowStorageRequest Read(BodyFields fields) => new(fields.Integer("bytes"));

    /// <summary>Checks the value.</summary>
    public long Check() => Bytes switch
    {
        null => throw ApiErrors.Required("bytes").Exception(),
        <= 0 or > Longest => throw ApiErrors.Invalid("bytes", $"must be from {Step} to {Longest}").Exception(),
        { } bytes when bytes % Step != 0 => throw ApiErrors.Invalid("bytes", $"must be a multiple of {Step}").Exception(),
        { } bytes => bytes,
    };
}
