using System.Diagnostics;

namespace Sleigh.Runtime.Telemetry;

/// <summary>
/// The trace of one command, which may end long after the call that started it. It is written when the command is final, with two phases:
/// <c>start</c> until sleigh-init has answered, and <c>run</c>. One that a restart of the daemon lies in has no trace.
/// </summary>
internal sealed class ExecSpan
{
    private readonly ActivityContext _parent = Activity.Current?.Context ?? default;
    private readonly DateTime _began = DateTime.UtcNow;

    private ExecSpan()
    {
    }

    /// <summary>When the process was there; null: it never was.</summary>
    public DateTime? Started { get; set; }

    /// <summary>For a command that begins now; null when nobody listens.</summary>
    public static ExecSpan? Begin() => Span.Source.HasListeners() ? new ExecSpan() : null;

    /// <summary>Writes it.</summary>
    public void End(Exec final)
    {
        DateTime now = DateTime.UtcNow;
        Span.Write("exec", _parent, _began, now, span =>
        {
            span.SetTag("sleigh.operation", "exec");
            span.SetTag("sleigh.session_id", final.Session.ToString());
            span.SetTag("sleigh.sandbox_id", final.Sandbox.ToString());
            span.SetTag("sleigh.exec_id", final.Id.ToString());
            span.SetTag("sleigh.origin", final.Origin.Word());
            span.SetTag("sleigh.status", final.Status.Word());
            if (final.ExitCode is { } code)
            {
                span.SetTag("sleigh.exit_code", code);
            }

            if (final.TimedOut)
            {
                span.SetTag("sleigh.timed_out", true);
            }

            if (final.Status == ExecStatus.Failed)
            {
                span.SetStatus(ActivityStatusCode.Error);
            }

            if (span.IsAllDataRequested)
            {
                Span.Write("exec.start", span.Context, _began, Started ?? now);
                if (Started is { } started)
                {
                    Span.Write("exec.run", span.Context, started, now);
                }
            }
        });
    }
}
