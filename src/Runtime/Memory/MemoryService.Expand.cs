using Sleigh.Cgroups.Growth;
using Sleigh.Containerd;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Memory;

/// <content>Raising a limit by hand. What is raised so is recorded first: it is the sandbox's new start, and a crash cannot lose it.</content>
internal sealed partial class MemoryService
{
    private static readonly TimeSpan ApplyLimit = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async Task<ExpandResult> ExpandAsync(SandboxId id, int? targetMb, CancellationToken cancellationToken)
    {
        SandboxEntry entry = _table.Require(id);

        // Nobody may start, stop or replace its slot meanwhile.
        await entry.Starting.WaitAsync(cancellationToken);
        try
        {
            if (entry.IsDeleted)
            {
                throw RuntimeException.NoSandbox(id);
            }

            return await ExpandAsync(entry, targetMb);
        }
        catch (ContainerdException e)
        {
            throw Failures.Translate(
                e, ErrorKind.EngineUnavailable, "containerd refused the limit and nothing has changed; the daemon log has the cause under this request id");
        }
        finally
        {
            entry.Starting.Release();
        }
    }

    private async Task<ExpandResult> ExpandAsync(SandboxEntry entry, int? targetMb)
    {
        SandboxRecord record = entry.Record;
        int from = entry.MemoryLimitMb;
        int ceiling = Math.Max(record.Sandbox.MemoryCeilingMb, record.Sandbox.MemoryLimitMb);
        if (targetMb is int asked && asked <= from)
        {
            throw new RuntimeException(ErrorKind.TargetNotAboveCurrent, $"target_mb {Number(asked)} is not above the current limit {Number(from)} MB")
            {
                Details = new Dictionary<string, object> { ["target_mb"] = asked, ["current_mb"] = from },
            };
        }

        string? pressed = AdmitExpand(entry, from, targetMb);
        int wanted = Math.Min(targetMb ?? NextStep(from, record), ceiling);
        bool clamped = targetMb > ceiling;
        if (wanted <= from)
        {
            string reason = targetMb is null
                ? $"already at-or-above configured ceiling ({Number(ceiling)} MB); current={Number(from)} MB"
                : "target memory is not greater than current limit";
            Note(entry, from, from, targetMb ?? wanted, RefusalCause.Ceiling, reason);
            return new ExpandResult(false, from, from, reason, ceiling, clamped);
        }

        if (entry.Slot is Slot slot && await RefusalAsync(entry, slot, wanted) is string refused)
        {
            Note(entry, from, from, wanted, RefusalCause.HostShort, refused);
            return new ExpandResult(false, from, from, refused, ceiling, clamped);
        }

        await ApplyAsync(entry, wanted);
        int to = entry.MemoryLimitMb;
        string done = targetMb is null ? "memory expanded by one automatic step" : "memory expanded by agent decision";
        Note(entry, from, to, wanted, null, done);
        return new ExpandResult(true, from, to, pressed is null ? done : $"{done}; {pressed}", ceiling, clamped);
    }

    private string? AdmitExpand(SandboxEntry entry, int from, int? targetMb)
    {
        try
        {
            return _guard.AdmitExpand();
        }
        catch (RuntimeException e)
        {
            Note(entry, from, from, targetMb ?? NextStep(from, entry.Record), RefusalCause.HostShort, e.Message);
            throw;
        }
    }

    /// <summary>Why the ledger has no room for it; null: it has.</summary>
    private async Task<string?> RefusalAsync(SandboxEntry entry, Slot slot, int wantedMb)
    {
        if (_loop is GrowthLoop loop)
        {
            return await loop.RunAsync(() => loop.RefusalOf(slot, wantedMb * GrowthOptions.MiB));
        }

        IReadOnlyList<LedgerLine> lines = Lines();
        HostRoom room = MemoryLedger.RoomFor(Host(), lines, entry.Id.ToString());
        return room.Bytes < (wantedMb * GrowthOptions.MiB) - slot.Limits.WallBytes ? room.Reason : null;
    }

    private async Task ApplyAsync(SandboxEntry entry, int memoryMb)
    {
        int before = entry.Record.Sandbox.MemoryLimitMb;
        SetStart(entry, memoryMb);
        if (entry.Slot is not Slot slot)
        {
            return;
        }

        try
        {
            if (_loop is GrowthLoop loop)
            {
                await loop.RunAsync(() => loop.RaiseTo(slot, entry.Record.LimitsAt(memoryMb)));
                return;
            }

            using CancellationTokenSource limit = new(ApplyLimit);
            await _factory.ApplyLimitsAsync(slot, slot.Limits with { MemoryMb = memoryMb, WallMb = null }, limit.Token);
            _records.PutSlot(new SlotRecord(slot.Id, SlotState.Claimed, entry.Id, slot.ProcessId, slot.Limits));
        }
        catch (Exception)
        {
            SetStart(entry, before);
            throw;
        }
    }

    /// <summary>Puts a limit in force that was recorded, and whose writing a crash has cut off; for hosts without growth.</summary>
    public async Task SettleAsync(SandboxEntry entry, Slot slot)
    {
        if (_loop is null && slot.Limits.MemoryMb < entry.Record.Sandbox.MemoryLimitMb)
        {
            await _factory.ApplyLimitsAsync(slot, entry.Record.Limits, CancellationToken.None);
            _records.PutSlot(new SlotRecord(slot.Id, SlotState.Claimed, entry.Id, slot.ProcessId, slot.Limits));
        }
    }

    private void SetStart(SandboxEntry entry, int memoryMb) => entry.Change(
        r => r with { Sandbox = r.Sandbox with { MemoryLimitMb = memoryMb } }, r => _records.PutSandbox(r, SandboxState.Live));

    private void Note(SandboxEntry entry, int from, int to, int wanted, RefusalCause? cause, string reason)
    {
        SandboxMemory now = Read(entry, decisions: false);
        _teller.Decided(entry, new MemoryRecord
        {
            Time = _time.GetUtcNow(),
            Action = cause is null ? MemoryAction.Grown : MemoryAction.Refused,
            Trigger = GrowthTrigger.Manual,
            FromMb = from,
            ToMb = to,
            WantedMb = wanted,
            Cause = cause,
            Reason = reason,
            UsageBytes = now.UsageBytes ?? 0,
            WorkingSetBytes = now.WorkingSetBytes ?? 0,
            WallBytes = now.WallBytes,
            RoomBytes = MemoryLedger.RoomFor(Host(), Lines(), entry.Id.ToString()).Bytes,
        });
    }
}
