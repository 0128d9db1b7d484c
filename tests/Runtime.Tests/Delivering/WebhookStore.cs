using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;
using Sleigh.Runtime.Tests.Images;

namespace Sleigh.Runtime.Tests.Delivering;

/// <summary>Records in a folder of their own, with a clock that a test moves.</summary>
internal sealed class WebhookStore : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-webhooks-").FullName;

    public WebhookStore() => Records = Open();

    public ManualTime Time { get; } = new();

    public RecordStore Records { get; private set; }

    /// <summary>What was said to be queued.</summary>
    public List<QueuedWebhook> Told { get; } = [];

    public void Reopen()
    {
        Records.Dispose();
        Records = Open();
    }

    /// <summary>A command that runs.</summary>
    public Exec Start(string command, string? url = null, SessionId? session = null)
    {
        Exec exec = new()
        {
            Id = ExecId.New(), Sandbox = SandboxId.New(), Session = session ?? SessionId.New(), Status = ExecStatus.Running, Started = Time.GetUtcNow(),
        };
        Records.AddExec(
            new ExecRow(exec, SlotId.New(), null, null, ExecEndCause.Itself), WebhookText.OfCommand(new ExecSpec { Command = command }),
            url is null ? null : WebhookAddress.Parse(url, []));
        return exec;
    }

    /// <summary>It fails with status 1.</summary>
    public void Finish(Exec exec) => Records.FinishExec(exec with
    {
        Status = ExecStatus.Failed, ExitCode = 1, Error = "command exited with status 1", Completed = Time.GetUtcNow(),
    });

    /// <summary>A command that has failed, and the delivery of it.</summary>
    public WebhookDeliveryId Queue(string url)
    {
        Exec exec = Start("false", url);
        Finish(exec);
        return Records.ListWebhooks(null, 10).Single(d => d.Exec == exec.Id).Id;
    }

    public void Dispose()
    {
        Records.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private RecordStore Open()
    {
        RecordStore records = RecordStore.Open(Path.Combine(_folder, "sleigh.db"), Time);
        records.WebhooksQueued = Told.AddRange;
        return records;
    }
}
