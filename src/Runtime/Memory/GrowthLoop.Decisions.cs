using Sleigh.Cgroups.Growth;
using Sleigh.Linux.KernelFiles;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Memory;

/// <content>One look at one sandbox: sample, decide, write, keep.</content>
internal sealed partial class GrowthLoop
{
    private const long LeftToWrite = 8 * GrowthOptions.MiB;
    private const long LeastSlack = 16 * GrowthOptions.MiB;

    private static readonly TimeSpan ReclaimLimit = TimeSpan.FromMilliseconds(500);

    /// <param name="subject">The sandbox.</param>
    /// <param name="notified">Time stamp of the kernel's notification; null where none came.</param>
    private void Look(GrowthSubject subject, long? notified)
    {
        if (subject.IsGone)
        {
            return;
        }

        TimeSpan now = Now;
        if (Sample(subject, now) is not MemorySample sample)
        {
            Drop(subject);
            return;
        }

        GrowthOptions policy = Policy;
        GrowthBounds bounds = subject.Entry.Record.Bounds;
        MemorySample? before = subject.State.Last;
        Note(subject, sample, before);
        HostRoom room = RoomFor(subject);
        GrowthStep step = GrowthPolicy.Decide(sample, subject.State, bounds, policy, room);
        if (step.Decision is MemoryDecision.Refuse { Cause: RefusalCause.HostShort } refused
            && TakeBack(subject, refused, sample, bounds, policy, room))
        {
            // From the same state: the first refusal was not carried out, and a second one is not its repetition.
            room = RoomFor(subject);
            step = GrowthPolicy.Decide(sample, subject.State, bounds, policy, room);
        }

        subject.State = step.Next;
        subject.Line = subject.Line.With(step.Next, now, bounds, policy);
        Facts facts = new(sample, before, step.Next.Slope, room, notified);
        switch (step.Decision)
        {
            case MemoryDecision.Grow grow:
                Grow(subject, grow, facts);
                break;
            case MemoryDecision.Refuse refuse:
                Refuse(subject, refuse, facts);
                break;
            case MemoryDecision.GiveBack giveBack:
                GiveBack(subject, giveBack, facts);
                break;
            default:
                subject.IsWaiting = false;
                break;
        }

        TellNear(subject, sample, before);
    }

    private static MemorySample? Sample(GrowthSubject subject, TimeSpan now)
    {
        MemorySample? sample = subject.Slot.Group.TryReadSample(subject.Slot.Execs, now);

        // Without a brake the wall is what a command meets.
        return sample is null || subject.Slot.Limits.WallMb is not null ? sample : sample with { Brake = sample.Wall };
    }

    private void Note(GrowthSubject subject, MemorySample sample, MemorySample? before)
    {
        subject.LookedAt = sample.At;
        subject.Line = subject.Line with
        {
            Usage = sample.Usage, WorkingSet = sample.WorkingSet, Held = sample.Held, Brake = sample.Brake, Wall = sample.Wall,
            Start = subject.Entry.Record.Bounds.Start, Frozen = subject.Slot.IsSqueezed,

            // Callers set the label themselves: it counts only where the operator has allowed that one goes before another.
            Priority = Settings.SqueezeIdle ? subject.Priority : 0,
        };
        if (before is not null)
        {
            if (sample.Stalled > before.Stalled)
            {
                MemoryMeters.Stalled(sample.Stalled - before.Stalled);
            }

            if (sample.Events.High > before.Events.High || sample.Events.Max > before.Events.Max)
            {
                subject.BusyUntil = sample.At + IdleInterval;
            }
        }

        if (sample.Events.OomKill > subject.OomKills)
        {
            if (before is not null)
            {
                _teller.Killed(subject.Entry, sample.Events.OomKill - subject.OomKills, sample.Wall);
            }

            subject.OomKills = sample.Events.OomKill;
        }
    }

    private HostRoom RoomFor(GrowthSubject subject) => MemoryLedger.RoomFor(Host(), Lines, subject.Name);

    private LedgerHost Host()
    {
        MemoryInfo memory = _host();
        return new LedgerHost(memory.TotalBytes, memory.AvailableBytes, Settings.HostReserveBytes(memory.TotalBytes), memory.SwapFreeBytes);
    }

    private void Grow(GrowthSubject subject, MemoryDecision.Grow grow, Facts facts)
    {
        int from = subject.Slot.Limits.MemoryMb;
        WriteUp(subject, grow.Brake, grow.Wall);
        TimeSpan? delay = facts.Notified is long at ? _time.GetElapsedTime(at) : null;
        subject.IsWaiting = false;
        subject.BusyUntil = facts.Sample.At + IdleInterval;
        if (delay is TimeSpan measured)
        {
            MemoryMeters.Delay(grow.Trigger, measured);
        }

        _teller.Decided(subject.Entry, Record(subject, facts, MemoryAction.Grown, from, grow.Reason) with
        {
            Trigger = grow.Trigger, WantedMb = Mb(grow.Wanted), DelayUsec = (long?)delay?.TotalMicroseconds,
        });
    }

    private void Refuse(GrowthSubject subject, MemoryDecision.Refuse refuse, Facts facts)
    {
        subject.BusyUntil = facts.Sample.At + IdleInterval;
        subject.IsWaiting = refuse.Cause == RefusalCause.HostShort;
        if (!refuse.Again)
        {
            _teller.Decided(subject.Entry, Record(subject, facts, MemoryAction.Refused, subject.Slot.Limits.MemoryMb, refuse.Reason) with
            {
                Trigger = refuse.Trigger, WantedMb = Mb(refuse.Wanted), Cause = refuse.Cause,
            });
        }
    }

    private void GiveBack(GrowthSubject subject, MemoryDecision.GiveBack decision, Facts facts)
    {
        if (subject.IsReclaiming)
        {
            return;
        }

        subject.IsWaiting = false;
        if (decision.Brake >= facts.Sample.Usage)
        {
            Lower(subject, decision, decision.Brake, facts);
            ReclaimLater(subject, decision.Reclaim, null);
            return;
        }

        // Written now, the kernel would reclaim the difference within the write, on this thread.
        SlotLimits before = subject.Slot.Limits;
        ReclaimLater(subject, decision.Reclaim, () =>
        {
            if (subject.Slot.Limits == before && Sample(subject, Now) is MemorySample now)
            {
                Lower(subject, decision, Math.Max(decision.Brake, RoundUp(now.Usage - LeftToWrite)), facts with { Sample = now });
            }
        });
    }

    private void Lower(GrowthSubject subject, MemoryDecision.GiveBack decision, long brake, Facts facts)
    {
        int from = subject.Slot.Limits.MemoryMb;
        long lowered = Math.Max(0, facts.Sample.Brake - brake);
        long wall = Math.Min(facts.Sample.Wall, Math.Max(decision.Wall, RoundUp(facts.Sample.Usage + LeastSlack)));
        if (lowered > 0 || wall < facts.Sample.Wall)
        {
            WriteDown(subject, facts.Sample.Brake - lowered, wall);
        }

        _teller.Decided(subject.Entry, Record(subject, facts, MemoryAction.GivenBack, from, decision.Reason) with
        {
            GivenBackBytes = Math.Max(lowered, decision.Reclaim),
        });
    }

    // Lifting: the wall first, so that the brake never stands above it.
    private static void WriteUp(GrowthSubject subject, long brake, long wall)
    {
        subject.Slot.Group.SetMemoryMax(wall);
        if (subject.Slot.Limits.WallMb is not null)
        {
            subject.Slot.Execs.SetMemoryHigh(brake);
        }

        Keep(subject, brake, wall);
    }

    private static void WriteDown(GrowthSubject subject, long brake, long wall)
    {
        subject.Slot.Execs.SetMemoryHigh(brake);
        subject.Slot.Group.SetMemoryMax(wall);
        Keep(subject, brake, wall);
    }

    private static void Keep(GrowthSubject subject, long brake, long wall)
    {
        IMemorySlot slot = subject.Slot;
        slot.Limits = slot.Limits.WallMb is null ? slot.Limits with { MemoryMb = Mb(wall) } : slot.Limits with { MemoryMb = Mb(brake), WallMb = Mb(wall) };
        subject.Line = subject.Line with { Brake = brake, Wall = wall };
    }

    private MemoryRecord Record(GrowthSubject subject, Facts facts, MemoryAction action, int fromMb, string reason) => new()
    {
        Time = _time.GetUtcNow(),
        Action = action,
        FromMb = fromMb,
        ToMb = subject.Slot.Limits.MemoryMb,
        Reason = reason,
        UsageBytes = facts.Sample.Usage,
        WorkingSetBytes = facts.Sample.WorkingSet,
        WallBytes = subject.Slot.Limits.WallBytes,
        SlopeBytesPerSecond = facts.Slope,
        StallUsec = facts.Before is null ? 0 : (long)Math.Max(0, (facts.Sample.Stalled - facts.Before.Stalled).TotalMicroseconds),
        RoomBytes = facts.Room.Bytes,
    };

    // The share of stalled time is read only where something was stalled.
    private void TellNear(GrowthSubject subject, MemorySample sample, MemorySample? before)
    {
        long limit = subject.Slot.Limits.MemoryMb * GrowthOptions.MiB;
        string? usage = NearLimit.UsageReason(sample.WorkingSet, limit);
        string? stall = before is not null && sample.Stalled > before.Stalled && subject.Slot.Group.ReadMemoryPressure() is { } pressure
            ? NearLimit.StallReason(pressure.Some.Avg10, Settings.NearLimitSomeAvg10)
            : null;
        bool near = usage is not null || stall is not null;
        if (near && !subject.IsNear)
        {
            _teller.Near(subject.Entry, usage is null ? stall! : stall is null ? usage : $"{usage}; {stall}");
        }

        // It has to fall clearly below before it can come near again.
        subject.IsNear = near || (subject.IsNear && sample.WorkingSet >= limit * (NearLimit.Share - 0.05));
    }

    private void ReclaimLater(GrowthSubject subject, long bytes, Action? then)
    {
        if (bytes <= 0 || subject.IsReclaiming)
        {
            return;
        }

        subject.IsReclaiming = true;
        Track(Task.Run(() =>
        {
            long got = 0;
            try
            {
                got = subject.Slot.Group.Reclaim(bytes, ReclaimLimit, _stopping.Token) ?? 0;
            }
            catch (KernelFileException e)
            {
                Post(() => Guarded(subject, _ => throw e));
            }

            Post(() =>
            {
                subject.IsReclaiming = false;
                MemoryMeters.GaveBack(got);
                if (then is not null)
                {
                    Guarded(subject, _ => then());
                }

                _nextLook = Min(_nextLook, Now);
            });
        }));
    }

    private void Track(Task task)
    {
        _reclaims.TryAdd(task, 0);
        task.ContinueWith(t => _reclaims.TryRemove(t, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private static int Mb(long bytes) => (int)Math.Min(bytes >> 20, int.MaxValue);

    private sealed record Facts(MemorySample Sample, MemorySample? Before, double Slope, HostRoom Room, long? Notified);
}
