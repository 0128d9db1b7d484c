namespace Sleigh.Runtime;

/// <summary>Something that happened to what a session owns.</summary>
/// <param name="Number">Grows by one with each event of the daemon.</param>
/// <param name="Seq">Grows by one with each event of the session.</param>
/// <param name="Type">One of <see cref="EventTypes"/>.</param>
/// <param name="Time">When it was recorded.</param>
/// <param name="Session">Whose it is.</param>
/// <param name="Sandbox">The sandbox it is about.</param>
/// <param name="Exec">The command it is about.</param>
/// <param name="Data">What else there is to tell.</param>
public sealed record SessionEvent(
    long Number, long Seq, string Type, DateTimeOffset Time, SessionId Session, SandboxId? Sandbox, ExecId? Exec, EventData Data);
