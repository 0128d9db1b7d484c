using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes/{id}/links</c>.</summary>
internal sealed record LinkRequest(long? Port, long? ExpiresInSeconds, string? Path)
{
    private const int UsualSeconds = 3600;
    private const int MostSeconds = 30 * 24 * 3600;
    private const int LongestPath = 2048;

    /// <summary>The members.</summary>
    public static readonly string[] Fields = ["session_token", "port", "expires_in_seconds", "path"];

    /// <summary>Checks the types.</summary>
    public static LinkRequest Read(BodyFields fields) => new(fields.Integer("port"), fields.Integer("expires_in_seconds"), fields.String("path"));

    /// <summary>The port.</summary>
    public int RequirePort() => PortRequest.Number("port", Port ?? throw ApiErrors.Required("port").Exception());

    /// <summary>How long it is good.</summary>
    public TimeSpan CheckedLife() =>
        TimeSpan.FromSeconds(FieldRules.Range("expires_in_seconds", ExpiresInSeconds, 1, MostSeconds, zeroIsDefault: false) ?? UsualSeconds);

    /// <summary>Where on the server it leads.</summary>
    public string CheckedPath()
    {
        string path = string.IsNullOrEmpty(Path) ? "/" : Path;
        return path.StartsWith('/') && path.Length <= LongestPath && path.All(c => c is > ' ' and < (char)0x7f and not '#')
            ? path
            : throw ApiErrors.Invalid("path", $"must begin with / and be at most {LongestPath} visible ASCII characters without #, as in an address").Exception();
    }
}
