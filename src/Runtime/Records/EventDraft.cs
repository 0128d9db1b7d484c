using Sleigh.Network;
using Sleigh.Runtime.Memory;

namespace Sleigh.Runtime.Records;

/// <summary>An event to be recorded with the change it reports; the store gives it its numbers and its time.</summary>
internal sealed record EventDraft(string Type, SessionId Session, SandboxId? Sandbox, ExecId? Exec = null, EventRecord? Data = null)
{
    /// <summary>An event of a sandbox.</summary>
    public static EventDraft Of(string type, Sandbox sandbox, EventRecord? data = null) => new(type, sandbox.Session, sandbox.Id, null, data);

    /// <summary>An event of a snapshot.</summary>
    public static EventDraft Of(string type, Snapshot snapshot) => new(
        type, snapshot.Session, snapshot.Sandbox, null, new EventRecord { Snapshot = snapshot.Id.ToString(), Name = snapshot.Name });

    /// <summary>A decision to grow; the type follows from whether it was granted.</summary>
    public static EventDraft Of(Sandbox sandbox, GrowthEntry growth) =>
        Of(growth.Granted ? EventTypes.MemoryGrown : EventTypes.MemoryGrowthRefused, sandbox, growth);

    /// <summary>An event that tells of a decision to grow.</summary>
    public static EventDraft Of(string type, Sandbox sandbox, GrowthEntry growth) =>
        Of(type, sandbox, new EventRecord { Growth = GrowthFacts.Of(growth) });

    /// <summary>A sandbox has come near its limit; the sentence is that of the memory endpoint.</summary>
    public static EventDraft NearLimit(Sandbox sandbox, string sentence) =>
        Of(EventTypes.MemoryNearLimit, sandbox, new EventRecord { NearLimit = sentence });

    /// <summary>Packets of a sandbox were refused, so many since the last such event.</summary>
    public static EventDraft Refused(Sandbox sandbox, Refusals since) =>
        Of(EventTypes.NetworkRefused, sandbox, new EventRecord { Refused = RefusedFacts.Of(since) });

    /// <summary>A file was written by a call, or removed: <paramref name="bytes"/> is null then.</summary>
    public static EventDraft File(Sandbox sandbox, string path, long? bytes) =>
        Of(EventTypes.FileWritten, sandbox, new EventRecord { File = new FileFacts(path, bytes) });

    /// <summary>The event of a command that ran out of memory.</summary>
    public static EventDraft OutOfMemory(Exec exec) => new(EventTypes.MemoryOom, exec.Session, exec.Sandbox, exec.Id, new EventRecord { Oom = exec.Oom });

    /// <summary>The event of a delivery that is final.</summary>
    public static EventDraft Of(WebhookDelivery delivery) => new(
        delivery.State == WebhookState.Delivered ? EventTypes.WebhookDelivered : EventTypes.WebhookFailed, delivery.Session, delivery.Sandbox,
        delivery.Exec, new EventRecord { Webhook = WebhookFacts.Of(delivery) });

    /// <summary>An event of a mount.</summary>
    public static EventDraft Of(string type, SessionId session, Mount mount) =>
        new(type, session, mount.Sandbox, null, new EventRecord { Mount = MountFacts.Of(mount) });

    /// <summary>An event of a command.</summary>
    public static EventDraft Of(string type, Exec exec) => new(type, exec.Session, exec.Sandbox, exec.Id, new EventRecord { Exec = ExecFacts.Of(exec) });
}
