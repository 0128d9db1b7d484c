using System.Globalization;
using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Runtime;
using Sleigh.Runtime.Reading;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoint 24.</summary>
internal static class ReadEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<ReadRequest>("POST", "sandboxes/{id}/ops/read", ReadRequest.Read, ReadAsync),
    ];

    private static async Task<Reply> ReadAsync(Call call, ReadRequest request)
    {
        ReadPlan plan = request.ToPlan();
        long begun = call.Dependencies.Time.GetTimestamp();
        call.Audit?.Run(plan.Spec.Command, plan.Spec.Argv);
        Exec started = await call.Execs.StartAsync(call.Sandbox.Id, plan.Spec, CancellationToken.None);
        call.Audit?.Touch(started.Id.ToString());
        Exec exec = (await call.Execs.WaitAsync(started.Id, plan.Wait, call.Gone)).Exec;

        // Output first, then the exec as it was before it: bytes that came in between are shown as cut off, not lost.
        ReadOutput stdout = Page(call, exec.Id, ExecStream.Stdout, plan.Offset, plan);
        ReadOutput stderr = Page(call, exec.Id, ExecStream.Stderr, 0, plan);
        ReadView view = new()
        {
            Status = "running",
            Duration = call.Dependencies.Time.GetElapsedTime(begun),
            Exec = exec.Id.ToString(),
            Stdout = stdout,
            Stderr = stderr,
        };
        view = exec.IsFinal ? Ended(view, plan.Command, exec) : StillRunning(view, plan.Wait, call.Dependencies.Host.IsStopping);
        return Reply.Json(200, view.Write);
    }

    private static ReadOutput Page(Call call, ExecId id, ExecStream stream, long offset, ReadPlan plan)
    {
        OutputPiece piece = call.Execs.ReadOutput(id, stream, offset, plan.MostBytes + ReadPage.Beyond);
        return ReadOutput.Of(stream == ExecStream.Stdout ? "stdout" : "stderr", piece, plan.MostBytes, plan.MostLines);
    }

    private static ReadView Ended(ReadView view, string command, Exec exec)
    {
        ReadEnd end = ReadExec.Judge(command, exec);
        return view with { Status = end.Ok ? "ok" : "error", ExitCode = end.ExitCode, Error = end.Error, TimedOut = exec.TimedOut };
    }

    private static ReadView StillRunning(ReadView view, TimeSpan wait, bool stopping) => view with
    {
        TimedOut = !stopping,
        Error = stopping
            ? $"the daemon is shutting down; poll get_exec with exec_id={view.Exec}"
            : string.Create(CultureInfo.InvariantCulture, $"read command still running after timeout ({(long)wait.TotalSeconds}s); poll get_exec with exec_id={view.Exec}"),
    };
}
