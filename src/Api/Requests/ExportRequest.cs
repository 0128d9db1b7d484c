using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>Query of <c>GET /sandboxes/{id}/snapshots/{snapshotId}/export</c>.</summary>
/// <param name="Format">As what.</param>
/// <param name="Name">The image's name in the archive; null: the default.</param>
internal sealed record ExportRequest(ExportFormat Format, string? Name)
{
    /// <summary>The reply's media type.</summary>
    public string ContentType => Format == ExportFormat.TarZstd ? "application/zstd" : "application/x-tar";

    /// <summary>The ending of a file's name.</summary>
    public string Ending => Format == ExportFormat.TarZstd ? ".tar.zst" : ".tar";

    /// <summary>Reads it from raw parameters, null where one is not there.</summary>
    public static ExportRequest Parse(string? format, string? compression, string? name)
    {
        bool isZstd = compression switch
        {
            null or "" or "gzip" => false,
            "zstd" => true,
            _ => throw ApiErrors.Invalid("compression", "must be gzip or zstd").Exception(),
        };
        switch (format)
        {
            case null or "" or "oci":
                return new ExportRequest(isZstd ? ExportFormat.OciZstd : ExportFormat.OciGzip, string.IsNullOrWhiteSpace(name) ? null : Checked(name));
            case "tar.zst":
                bool isGzip = compression is "gzip";
                return isGzip || !string.IsNullOrEmpty(name)
                    ? throw ApiErrors.Invalid(isGzip ? "compression" : "name", isGzip ? "must be zstd for format tar.zst" : "is for format oci only").Exception()
                    : new ExportRequest(ExportFormat.TarZstd, null);
            default:
                throw ApiErrors.Invalid("format", "must be oci or tar.zst").Exception();
        }
    }

    /// <summary>The name of an image that is made: it has no digest, which is not known before.</summary>
    public static string Checked(string name) => ImageName.IsValid(name) && !name.Contains('@', StringComparison.Ordinal)
        ? name
        : throw ApiErrors.Invalid("name", "is not an image name without a digest").Exception();
}
