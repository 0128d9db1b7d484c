namespace Sleigh.Runtime.Records;

/// <summary>An event to be recorded with the change it reports; the store gives it its numbers and its time.</summary>
internal sealed record EventDraft(string Type, SessionId Session, SandboxId? Sandbox, ExecId? Exec = null, EventRecord? Data = null)
{
    /// <summary>An event of a sandbox.</summary>
    public static EventDraft Of(string type, Sandbox sandbox, EventRecord? data = null) => new(type, sandbox.Session, sandbox.Id, null, data);

    /// <summary>An event of a snapshot.</summary>
    public static EventDraft Of(string type, Snapshot snapshot) => new(
        type, snapshot.Session, snapshot.Sandbox, null, new EventRecord { Snapshot = snapshot.Id.ToString(), Name = snapshot.Name });

    /// <summary>An event of a command.</summary>
    public static EventDraft Of(string type, Exec exec) => new(type, exec.Session, exec.Sandbox, exec.Id, new EventRecord { Exec = ExecFacts.Of(exec) });
}
