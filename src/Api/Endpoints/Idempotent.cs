using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Step 12 of the order of checks: a call with an Idempotency-Key runs once.</summary>
internal static class Idempotent
{
    /// <summary>Runs the work, or finds what it gave before.</summary>
    /// <param name="call">The call; its header decides.</param>
    /// <param name="work">Steps 13 to 15. Its token ends when the caller has gone, unless there is a key.</param>
    public static async Task<KeptReply> RunAsync(Call call, Func<CancellationToken, Task<KeptReply>> work)
    {
        string? key = IdempotencyKey.Parse(call.Http.Request.Headers[IdempotencyKey.Header]);
        if (key is null)
        {
            return await work(call.Gone);
        }

        string fingerprint = Fingerprint(call);
        (KeptReply kept, bool replayed) = await call.Dependencies.Idempotency.RunAsync(
            call.Session.Id, key, fingerprint, () => work(CancellationToken.None), call.Gone);
        if (replayed)
        {
            call.Http.Response.Headers["Idempotency-Replayed"] = "true";
        }

        return kept;
    }

    /// <summary>The key to be recorded together with an exec that the call starts; null without one.</summary>
    /// <param name="call">The call; its header decides.</param>
    /// <param name="status">The status of the reply.</param>
    public static StartKey? StartKey(Call call, int status) =>
        IdempotencyKey.Parse(call.Http.Request.Headers[IdempotencyKey.Header]) is { } key ? new StartKey(key, Fingerprint(call), status) : null;

    /// <summary>As <see cref="RunAsync"/>, for work whose reply is kept as it is.</summary>
    public static async Task<Reply> ReplyAsync(Call call, Func<CancellationToken, Task<KeptReply>> work)
    {
        KeptReply kept = await RunAsync(call, work);
        return Reply.Kept(kept.Status, kept.Body);
    }

    private static string Fingerprint(Call call) => CanonicalJson.Fingerprint(call.Http.Request.Path.Value ?? "", call.Fields.Root);
}
