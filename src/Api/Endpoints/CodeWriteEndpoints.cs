using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;
using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoint 25.</summary>
internal static class CodeWriteEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<CodeWriteRequest>("POST", "sandboxes/{id}/ops/code/write", CodeWriteRequest.Read, WriteAsync),
    ];

    private static async Task<Reply> WriteAsync(Call call, CodeWriteRequest request)
    {
        CodeWriteSpec spec = request.ToSpec();
        call.Audit?.Run(spec.PostCommand);
        CodeWriteResult written = await call.Dependencies.CodeWriter.WriteAsync(call.Sandbox.Id, spec);
        if (written.PostExec is not { } started)
        {
            return Reply.Json(200, json => CodeWriteView.Write(json, written));
        }

        call.Audit?.Touch(started.Id.ToString());
        if (request.PostWait(call.Options.Exec) is not { } wait)
        {
            return Exec(202, call.Execs.Read(started.Id), null, written);
        }

        ExecResult result = await call.Execs.WaitAsync(started.Id, wait < written.Remaining ? wait : written.Remaining, call.Gone);
        return Exec(200, result, ExecEndpoints.StillRunning(result.Exec, wait < written.Remaining ? wait : spec.Timeout), written);
    }

    private static Reply Exec(int status, ExecResult result, string? error, CodeWriteResult written) =>
        Reply.Json(status, json => ExecView.Write(json, result, error, more: more => CodeWriteView.WriteBeside(more, written)));
}
