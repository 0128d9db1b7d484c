using Sleigh.Cgroups.Growth;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Runtime.Memory;

/// <content>When the host has no room: memory is taken from those that do not use it.</content>
internal sealed partial class GrowthLoop
{
    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SqueezeLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CalmBeforeResume = TimeSpan.FromSeconds(30);

    private TimeSpan? _lastShortage;

    /// <summary>Lets a squeezed sandbox go on; nothing happens to another. From any thread.</summary>
    public void Resume(SandboxEntry entry, IMemorySlot slot)
    {
        if (slot.IsSqueezed)
        {
            slot.IsSqueezed = false;
            slot.Group.SetSwapMax(0);
            slot.Execs.Thaw();
            _teller.Paused(entry, paused: false);
        }
    }

    /// <summary>Takes promises and memory back for the sake of one sandbox. True: there is more room now.</summary>
    private bool TakeBack(
        GrowthSubject needy, MemoryDecision.Refuse refused, MemorySample sample, GrowthBounds bounds, GrowthOptions policy, HostRoom room)
    {
        _lastShortage = Now;
        long held = GrowthPolicy.Promised(sample.Usage, sample.Brake, sample.Wall, bounds.Start);
        long missing = Math.Min(bounds.Ceiling, GrowthPolicy.WallOf(refused.Wanted, policy)) - held - room.Bytes + room.Lacking;
        bool more = false;
        foreach (TakeBack part in MemoryLedger.PlanTakeBack(Host(), Lines, needy.Name, missing, Settings.SqueezeIdle))
        {
            if (_subjects.Values.FirstOrDefault(s => s.Name == part.Name) is GrowthSubject other)
            {
                Guarded(other, s => more |= TakeFrom(s, part));
            }
        }

        return more;
    }

    private bool TakeFrom(GrowthSubject other, TakeBack part)
    {
        // What the ledger knows of an idle sandbox may be a minute old.
        if (other.Slot.IsSqueezed || Sample(other, Now) is not MemorySample sample)
        {
            return false;
        }

        if (part.Freeze)
        {
            Squeeze(other, sample, part);
            return false;
        }

        int from = other.Slot.Limits.MemoryMb;
        long brake = Math.Max(part.Brake, RoundUp(Math.Max(sample.Usage, (long)(sample.WorkingSet * Policy.GiveBackSlack))));
        long wall = Math.Max(part.Wall, RoundUp(sample.Usage + LeastSlack));
        bool lower = brake < sample.Brake && wall < sample.Wall && other.Slot.Limits.WallMb is not null;
        if (lower)
        {
            WriteDown(other, brake, wall);
            other.State = other.State with { LastGiveBack = Now };
        }

        ReclaimLater(other, part.Reclaim, null);
        if (lower || part.Reclaim > 0)
        {
            Facts facts = new(sample, null, other.State.Slope, default, null);
            _teller.Decided(other.Entry, Record(other, facts, MemoryAction.GivenBack, from, part.Reason) with
            {
                GivenBackBytes = Math.Max(lower ? sample.Brake - brake : 0, part.Reclaim),
            });
        }

        return lower;
    }

    // The flag goes first: a command or connection that comes in between takes it away, and the freeze is taken back.
    private void Squeeze(GrowthSubject other, MemorySample sample, TakeBack part)
    {
        IMemorySlot slot = other.Slot;
        slot.IsSqueezed = true;
        if (slot.IsConnectedTo)
        {
            slot.IsSqueezed = false;
            return;
        }

        Facts facts = new(sample, null, other.State.Slope, default, null);
        Track(Task.Run(async () =>
        {
            try
            {
                await slot.Execs.FreezeAsync(FreezeLimit, _stopping.Token);
                if (!slot.IsSqueezed)
                {
                    slot.Execs.Thaw();
                    return;
                }

                // What stands still may go to swap; what runs may not, since swap would be a way around its limit.
                _teller.Paused(other.Entry, paused: true);
                slot.Group.SetSwapMax(null);
                long got = slot.Group.Reclaim(part.Reclaim, SqueezeLimit, _stopping.Token) ?? 0;
                MemoryMeters.GaveBack(got);
                if (!slot.IsSqueezed)
                {
                    // A command came while swap was being opened.
                    slot.Group.SetSwapMax(0);
                }

                Post(() => Guarded(other, s => Squeezed(s, facts, part, got)));
            }
            catch (Exception e) when (e is KernelFileException or TimeoutException or OperationCanceledException)
            {
                // However far it came: it runs on, and swap is closed.
                Post(() => Guarded(other, s => Resume(s.Entry, slot)));
                Post(() => Guarded(other, _ => throw (e is KernelFileException ? e : new IOException(e.Message, e))));
            }
        }));
    }

    private void Squeezed(GrowthSubject other, Facts facts, TakeBack part, long got)
    {
        int from = other.Slot.Limits.MemoryMb;
        if (Sample(other, Now) is MemorySample sample)
        {
            Note(other, sample, other.State.Last);
            long brake = Math.Max(part.Brake, RoundUp(sample.Usage));
            long wall = Math.Max(part.Wall, RoundUp(sample.Usage + LeastSlack));
            if (brake < sample.Brake && wall < sample.Wall && other.Slot.Limits.WallMb is not null)
            {
                WriteDown(other, brake, wall);
            }
        }

        _teller.Decided(other.Entry, Record(other, facts, MemoryAction.Squeezed, from, part.Reason) with { GivenBackBytes = got });
        _nextLook = Min(_nextLook, Now);
    }

    // One at a time, and only once nobody has been short for a while.
    private void ResumeOne()
    {
        if (Now - _lastShortage < CalmBeforeResume || _subjects.Values.FirstOrDefault(s => s.Slot.IsSqueezed) is not GrowthSubject squeezed)
        {
            return;
        }

        if (RoomFor(squeezed).Bytes >= squeezed.Line.Start)
        {
            Resume(squeezed.Entry, squeezed.Slot);
            squeezed.Line = squeezed.Line with { Frozen = false };
        }
    }

    private static long RoundUp(long bytes) => (bytes + GrowthOptions.MiB - 1) / GrowthOptions.MiB * GrowthOptions.MiB;
}
