using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>Query of <c>GET /admin/webhooks</c>.</summary>
internal sealed record WebhookListQuery(WebhookState? State, int Limit)
{
    private const int DefaultLimit = 100;
    private const int MostLimit = 1000;

    /// <summary>Reads it from raw values, null where one is not there.</summary>
    public static WebhookListQuery Parse(string? state, string? limit) => new(
        state switch
        {
            null => null,
            "queued" => WebhookState.Queued,
            "delivered" => WebhookState.Delivered,
            "failed" => WebhookState.Failed,
            _ => throw ApiErrors.NotOneOf("state", "queued", "delivered", "failed").Exception(),
        },
        limit is null ? DefaultLimit
            : int.TryParse(limit, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int most) && most is >= 1 and <= MostLimit ? most
            : throw ApiErrors.Invalid("limit", $"must be 1 to {MostLimit}").Exception());
}
