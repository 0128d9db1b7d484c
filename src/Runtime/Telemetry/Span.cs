using System.Diagnostics;

namespace Sleigh.Runtime.Telemetry;

/// <summary>
/// One operation in a trace, and its phases as spans inside it. While nobody listens there is none, which costs a look at a list. A span holds
/// ids, words and numbers of ours; never a token, a secret, a name, a path, a URL, an environment or a command, nor a sentence that may hold one.
/// </summary>
public sealed class Span : IDisposable
{
    /// <summary>The name of the source of all spans.</summary>
    public const string SourceName = "Sleigh";

    private readonly Activity _activity;
    private bool _done;

    private Span(Activity activity) => _activity = activity;

    /// <summary>Where spans come from.</summary>
    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Begins an operation inside the one that the caller is in; null when nobody listens.</summary>
    /// <param name="operation">The word that the log has for it.</param>
    /// <param name="session">Whose.</param>
    /// <param name="sandbox">On which sandbox; null while it is not known.</param>
    internal static Span? Begin(string operation, SessionId? session, SandboxId? sandbox)
    {
        if (Source.StartActivity(operation) is not { } activity)
        {
            return null;
        }

        activity.SetTag("sleigh.operation", operation);
        Span span = new(activity);
        if (session is { } owner)
        {
            activity.SetTag("sleigh.session_id", owner.ToString());
        }

        if (sandbox is { } id)
        {
            span.About(id);
        }

        return span;
    }

    /// <summary>When it began, in UTC.</summary>
    internal DateTime Began => _activity.StartTimeUtc;

    /// <summary>The sandbox, once it is known.</summary>
    internal void About(SandboxId sandbox) => _activity.SetTag("sleigh.sandbox_id", sandbox.ToString());

    /// <summary>A fact: a number, a truth, or a word or id of ours.</summary>
    internal void Note(string name, object value) => _activity.SetTag("sleigh." + name, value);

    /// <summary>A phase that is over.</summary>
    internal void Phase(string name, DateTime begin, DateTime end)
    {
        if (_activity.IsAllDataRequested)
        {
            Write(name, _activity.Context, begin, end);
        }
    }

    /// <summary>It went well. One that ends without this has failed.</summary>
    internal void Done() => _done = true;

    /// <summary>Ends it.</summary>
    public void Dispose()
    {
        if (!_done)
        {
            _activity.SetStatus(ActivityStatusCode.Error);
        }

        _activity.Dispose();
    }

    /// <summary>Writes a span of a past time. What is current stays so.</summary>
    internal static void Write(string name, ActivityContext parent, DateTime begin, DateTime end, Action<Activity>? describe = null)
    {
        Activity? current = Activity.Current;
        try
        {
            if (parent == default)
            {
                // Otherwise the current one would be the parent.
                Activity.Current = null;
            }

            using Activity? span = Source.StartActivity(name, ActivityKind.Internal, parent, startTime: begin);
            if (span is not null)
            {
                describe?.Invoke(span);
                span.SetEndTime(end);
            }
        }
        finally
        {
            Activity.Current = current;
        }
    }
}
