using System.Globalization;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoints 12 to 14 and 33.</summary>
internal static class ExecEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<ExecRequest>("POST", "sandboxes/{id}/exec", ExecRequest.Read, StartAsync),
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/exec/{execId}", NoRequest.Read, GetAsync),
        new Endpoint<NoRequest>("POST", "sandboxes/{id}/exec/{execId}/cancel", NoRequest.Read, CancelAsync) { Body = BodyRule.Lenient },
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/exec/{execId}/output", NoRequest.Read, OutputAsync) { KnownFields = NoRequest.Fields },
    ];

    private static async Task<Reply> StartAsync(Call call, ExecRequest request)
    {
        int status = request.Wait ? 200 : 202;
        WebhookAsked? webhook = WebhookAsked.Read(request.WebhookUrl, call.Options.Webhooks.BlockedNetworks);
        ExecSpec spec = request.ToSpec() with { Webhook = webhook?.Address, StartKey = Idempotent.StartKey(call, status) };
        Exec? started = null;
        call.Audit?.Run(spec.Command, spec.Argv);

        // Only the start is kept under an Idempotency-Key: a second call waits for the same exec by itself.
        KeptReply kept = await Idempotent.RunAsync(call, async _ =>
        {
            started = await call.Execs.StartAsync(call.Sandbox.Id, spec, CancellationToken.None);
            return new KeptReply(status, [], started.Id);
        });
        ExecId id = kept.Exec ?? throw new InvalidOperationException("the kept reply of an exec names none");
        call.Audit?.Touch(id.ToString());
        if (!request.Wait)
        {
            ExecResult now = started is { StdoutBytes: 0, StderrBytes: 0 } fresh ? new ExecResult(fresh, "", "") : call.Execs.Read(id);
            return Reply.Json(kept.Status, json => ExecView.Write(json, now, webhook: webhook));
        }

        TimeSpan wait = request.WaitTime(call.Options.Exec);
        ExecResult result = await call.Execs.WaitAsync(id, wait, call.Gone);
        return Reply.Json(kept.Status, json => ExecView.Write(json, result, StillRunning(result.Exec, wait), webhook));
    }

    private static Task<Reply> GetAsync(Call call, NoRequest request)
    {
        ExecResult result = call.Execs.Read(call.Exec.Id);
        return Task.FromResult(Reply.Json(200, json => ExecView.Write(json, result)));
    }

    private static Task<Reply> CancelAsync(Call call, NoRequest request)
    {
        ExecResult result = call.Execs.Cancel(call.Exec.Id);
        return Task.FromResult(Reply.Json(200, json => ExecView.Write(json, result)));
    }

    private static Task<Reply> OutputAsync(Call call, NoRequest request)
    {
        OutputQuery query = OutputQuery.Parse(call.Query("stream"), call.Query("offset"), call.Query("limit"), call.Query("encoding"));
        ExecId id = call.Exec.Id;
        OutputPiece piece = call.Execs.ReadOutput(id, query.Stream, query.Offset, query.Limit);
        int length = query.Base64 ? piece.Data.Length : OutputView.WholeCharacters(piece);
        if (length == 0 && piece.Data.Length > 0)
        {
            // A limit below one character would never get on: it gives that one character.
            piece = call.Execs.ReadOutput(id, query.Stream, query.Offset, OutputView.LongestCharacter);
            length = OutputView.FirstCharacter(piece);
        }

        return Task.FromResult(Reply.Json(200, json => OutputView.Write(json, id, query, piece, length)));
    }

    /// <summary>The sentence for a wait that was over before the command; null when it was not.</summary>
    public static string? StillRunning(Exec exec, TimeSpan wait) => exec.Status == ExecStatus.Running
        ? string.Create(CultureInfo.InvariantCulture,
            $"still running after wait timeout ({(long)wait.TotalSeconds}s); call get_exec with exec_id={exec.Id} to continue polling")
        : null;
}
