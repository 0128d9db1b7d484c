using System.Globalization;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>PUT /sandboxes/{id}/ports/{port}</c>, and what the paths and queries of ports hold.</summary>
/// <param name="Listen">Whether a TCP port of the host leads to it; null: as it is.</param>
internal sealed record PortRequest(bool? Listen)
{
    private const int MostWaitSeconds = 300;
    private const int UsualWaitSeconds = 20;

    /// <summary>The members.</summary>
    public static readonly string[] Fields = ["session_token", "listen"];

    /// <summary>Checks the types.</summary>
    public static PortRequest Read(BodyFields fields) => new(fields.Boolean("listen"));

    /// <summary>A port's number.</summary>
    public static int Number(string field, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65_535
            ? port
            : throw ApiErrors.Invalid(field, "must be a port number, 1 to 65535").Exception();

    /// <summary>A port's number.</summary>
    public static int Number(string field, long number) =>
        number is >= 1 and <= 65_535 ? (int)number : throw ApiErrors.Invalid(field, "must be a port number, 1 to 65535").Exception();

    /// <summary>How long a caller waits for a server; null: not at all.</summary>
    public static TimeSpan? Wait(string? wait, string? timeoutSeconds)
    {
        if (wait is not (null or "listening"))
        {
            throw ApiErrors.NotOneOf("wait", "listening").Exception();
        }

        int seconds = UsualWaitSeconds;
        if (timeoutSeconds is not null
            && !(int.TryParse(timeoutSeconds, NumberStyles.None, CultureInfo.InvariantCulture, out seconds) && seconds <= MostWaitSeconds))
        {
            throw ApiErrors.Invalid("timeout_seconds", string.Create(CultureInfo.InvariantCulture, $"must be 0 to {MostWaitSeconds}")).Exception();
        }

        return wait is null ? null : TimeSpan.FromSeconds(seconds);
    }
}
