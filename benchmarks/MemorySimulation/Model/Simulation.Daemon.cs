using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;

namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <content>What the daemon's memory loop does: look, decide, write, and take back from others.</content>
internal sealed partial class Simulation
{
    private const long RetryInterval = 100_000;
    private const long LookInterval = 1_000_000;
    private const long IdleInterval = 60_000_000;

    private long _nextLook = LookInterval;
    private int _growths;
    private int _refusals;
    private int _takeBacks;

    private void Act()
    {
        foreach (SimulatedSandbox sandbox in _sandboxes)
        {
            if (sandbox.ActsAt <= _now)
            {
                sandbox.ActsAt = null;
                Look(sandbox);
            }
        }

        if (_now >= _nextLook)
        {
            LookAround();
        }
    }

    private void LookAround()
    {
        bool anyWaits = false;
        foreach (SimulatedSandbox sandbox in _sandboxes)
        {
            bool isBusy = sandbox.Group.Runs || _now < sandbox.GrewAt + IdleInterval || sandbox.Group.Brake > sandbox.Workload.Bounds.Start;
            long interval = sandbox.IsWaiting ? RetryInterval : isBusy ? LookInterval : IdleInterval;
            if (sandbox.LookedAt + interval <= _now || sandbox.State.Last is null)
            {
                Look(sandbox);
            }

            anyWaits |= sandbox.IsWaiting;
        }

        _nextLook = _now + (anyWaits ? RetryInterval : LookInterval);
    }

    private void Look(SimulatedSandbox sandbox)
    {
        sandbox.LookedAt = _now;
        sandbox.Advance(_now);
        MemorySample sample = sandbox.Group.Sample(_now);
        GrowthState before = sandbox.State;
        List<LedgerLine> lines = Lines();
        HostRoom room = MemoryLedger.RoomFor(Host, lines, sandbox.Name);
        GrowthStep step = Decide(sandbox, sample, before, room);
        if (step.Decision is MemoryDecision.Refuse { Cause: RefusalCause.HostShort } refused && TakeBack(sandbox, refused, lines, room))
        {
            step = Decide(sandbox, sample, before, MemoryLedger.RoomFor(Host, Lines(), sandbox.Name));
        }

        sandbox.State = step.Next;
        sandbox.IsWaiting = step.Decision is MemoryDecision.Refuse { Cause: RefusalCause.HostShort };
        Carry(sandbox, step.Decision);
    }

    private GrowthStep Decide(SimulatedSandbox sandbox, MemorySample sample, GrowthState state, HostRoom room) =>
        GrowthPolicy.Decide(sample, state, sandbox.Workload.Bounds, _options.Policy, room);

    private void Carry(SimulatedSandbox sandbox, MemoryDecision decision)
    {
        switch (decision)
        {
            case MemoryDecision.Grow grow:
                _growths++;
                sandbox.GrewAt = _now;
                Write(sandbox, grow.Brake, grow.Wall, 0);
                break;
            case MemoryDecision.GiveBack back:
                Write(sandbox, back.Brake, back.Wall, back.Reclaim);
                break;
            case MemoryDecision.Refuse { Again: false, Cause: RefusalCause.HostShort }:
                _refusals++;
                break;
        }
    }

    private void Write(SimulatedSandbox sandbox, long brake, long wall, long reclaim)
    {
        sandbox.Group.Write(brake, wall);
        sandbox.Group.Reclaim(reclaim);
        Count(sandbox);
        _watch?.Invoke(sandbox, _now);
    }

    private bool TakeBack(SimulatedSandbox needy, MemoryDecision.Refuse refused, List<LedgerLine> lines, HostRoom room)
    {
        GrowthBounds bounds = needy.Workload.Bounds;
        long held = lines.Single(line => line.Name == needy.Name).Promised;
        long missing = Math.Min(bounds.Ceiling, GrowthPolicy.WallOf(refused.Wanted, _options.Policy)) - held - room.Bytes + room.Lacking;
        IReadOnlyList<TakeBack> plan = MemoryLedger.PlanTakeBack(Host, lines, needy.Name, missing, squeeze: false, _options.Policy);
        foreach (TakeBack part in plan)
        {
            _takeBacks++;
            SimulatedSandbox other = _sandboxes.Single(s => s.Name == part.Name);
            Write(other, part.Brake, part.Wall, part.Reclaim);
            other.State = other.State with { LastGiveBack = TimeSpan.FromMicroseconds(_now) };
        }

        return plan.Count > 0;
    }

    private List<LedgerLine> Lines()
    {
        long idleAfter = (long)_options.IdleAfter.TotalMicroseconds;
        return [.. _sandboxes.Select(s => s.Line(!s.Group.Runs && _now >= s.GrewAt + idleAfter).With(s.State, TimeSpan.FromMicroseconds(_now), s.Workload.Bounds, _options.Policy))];
    }
}
