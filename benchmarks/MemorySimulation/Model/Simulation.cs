using Sleigh.Cgroups.Growth;
using Sleigh.Runtime.Memory;

namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>
/// Runs a trace: workloads on a modelled kernel, the production policy and ledger above them, one clock that jumps to where something
/// happens. The same trace and options give the same result, always.
/// </summary>
internal sealed partial class Simulation
{
    private const long HostItself = 512 * GrowthOptions.MiB;

    private readonly Trace _trace;
    private readonly SimulationOptions _options;
    private readonly SimulatedSandbox[] _sandboxes;
    private readonly Action<SimulatedSandbox, long>? _watch;
    private readonly long _end;
    private readonly long _total;
    private readonly long _reserve;
    private readonly long _delay;
    private long _now;
    private (long Promised, long Usage, long Anonymous) _sums;
    private (long Promised, long Usage) _peaks;
    private (double Promised, double Usage) _areas;
    private long _availableLeast = long.MaxValue;

    /// <param name="trace">What happens.</param>
    /// <param name="options">How.</param>
    /// <param name="watch">Told of each sandbox after each of its steps, with the time in microseconds.</param>
    public Simulation(Trace trace, SimulationOptions options, Action<SimulatedSandbox, long>? watch = null)
    {
        (_trace, _options, _watch) = (trace, options, watch);
        _end = trace.Seconds * 1_000_000L;
        _total = trace.HostMb * GrowthOptions.MiB;
        _reserve = Math.Max(_total / 10, 512 * GrowthOptions.MiB);
        _delay = Math.Max(0, (long)options.Delay.TotalMilliseconds) * SimulatedCgroup.Tick;
        _sandboxes = [.. trace.Workloads.Select((workload, i) => Make($"s{i}", workload))];
    }

    private long Available => _total - HostItself - _sums.Anonymous;

    private LedgerHost Host => new(_total, Math.Max(0, Available), _reserve);

    /// <summary>Runs it to its end.</summary>
    public SimulationResult Run()
    {
        foreach (SimulatedSandbox sandbox in _sandboxes)
        {
            Count(sandbox);
        }

        while (_now < _end)
        {
            long next = Next();
            _areas = (_areas.Promised + ((double)_sums.Promised * (next - _now)), _areas.Usage + ((double)_sums.Usage * (next - _now)));
            _now = next;
            foreach (SimulatedSandbox sandbox in _sandboxes)
            {
                if (sandbox.NextStep <= _now)
                {
                    Advance(sandbox);
                }
            }

            if (_options.StaticMb is null)
            {
                Act();
            }
        }

        return Result();
    }

    private SimulatedSandbox Make(string name, Workload workload)
    {
        GrowthBounds bounds = workload.Bounds;
        long brake = _options.StaticMb is int fixedMb ? fixedMb * GrowthOptions.MiB : bounds.Start;
        long wall = _options.StaticMb is null ? Math.Min(GrowthPolicy.WallOf(brake, _options.Policy), bounds.Ceiling) : brake;
        return new SimulatedSandbox(name, workload, new SimulatedCgroup(workload, brake, wall), _options.Policy);
    }

    private long Next()
    {
        long next = _options.StaticMb is null ? Math.Min(_end, _nextLook) : _end;
        foreach (SimulatedSandbox sandbox in _sandboxes)
        {
            next = Math.Min(next, Math.Min(sandbox.NextStep, sandbox.ActsAt ?? long.MaxValue));
        }

        return Math.Max(next, _now + SimulatedCgroup.Tick);
    }

    private void Advance(SimulatedSandbox sandbox)
    {
        if (sandbox.Advance(_now) is long told)
        {
            sandbox.ActsAt ??= told + _delay;
        }

        Count(sandbox);
        _watch?.Invoke(sandbox, _now);
    }

    private void Count(SimulatedSandbox sandbox)
    {
        SimulatedCgroup group = sandbox.Group;
        long promised = _options.StaticMb is null
            ? GrowthPolicy.Promised(group.Usage, group.Brake, group.Wall, sandbox.Workload.Bounds.Start)
            : group.Wall;
        var before = sandbox.Counted;
        sandbox.Counted = (promised, group.Usage, group.Anonymous);
        _sums = (_sums.Promised + promised - before.Promised, _sums.Usage + group.Usage - before.Usage, _sums.Anonymous + group.Anonymous - before.Anonymous);
        _peaks = (Math.Max(_peaks.Promised, _sums.Promised), Math.Max(_peaks.Usage, _sums.Usage));
        _availableLeast = Math.Min(_availableLeast, Available);
    }

    private SimulationResult Result() => new()
    {
        Trace = _trace,
        Kills = _sandboxes.Count(s => s.Group.IsKilled),
        Done = _sandboxes.Count(s => s.Group.IsDone),
        Throttled = _sandboxes.Sum(Held),
        MostThrottled = _sandboxes.Max(Held),
        PromisedMean = _areas.Promised / _end,
        PromisedPeak = _peaks.Promised,
        UsedMean = _areas.Usage / _end,
        UsedPeak = _peaks.Usage,
        AvailableLeast = _availableLeast,
        Growths = _growths,
        Refusals = _refusals,
        TakeBacks = _takeBacks,
        DoneAt = [.. _sandboxes.Select(s => s.DoneAt)],
        UsedAtEnd = [.. _sandboxes.Select(s => s.Group.Usage)],
        BrakesAtEnd = [.. _sandboxes.Select(s => s.Group.Brake)],
    };

    private static long Held(SimulatedSandbox sandbox) => sandbox.Group.IsKilled ? 0 : sandbox.SteppedTo - sandbox.Group.Work;
}
