using Sleigh.Cgroups.Growth;
using Sleigh.Runtime;
using Sleigh.Runtime.Memory;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Memory of the fake sandboxes, with the refusals and texts of the contract. A test shapes what is read.</summary>
internal sealed class FakeMemory(FakeSandboxes sandboxes, TimeProvider time) : IMemory
{
    private readonly List<MemoryRecord> _decisions = [];

    /// <summary>Changes what is read of a sandbox.</summary>
    public Func<SandboxMemory, SandboxMemory> Shape { get; set; } = m => m;

    public HostMemory Host { get; set; } = new()
    {
        TotalBytes = 64_000, AvailableBytes = 48_000, ReserveBytes = 6_400, BudgetBytes = 57_600, LimitsBytes = 30_000, PromisedBytes = 20_000,
        UsedBytes = 15_000, ReclaimableBytes = 3_000, RoomBytes = 37_600, RoomReason = "the budget of the host", Signals = "25 ms of stall in 500 ms",
    };

    /// <summary>Available share of the host's memory, for the guard of expand.</summary>
    public double Available { get; set; } = 0.75;

    /// <summary>The targets that were asked for; null: one automatic step.</summary>
    public List<int?> Asked { get; } = [];

    public SandboxMemory Read(SandboxId id)
    {
        Sandbox sandbox = sandboxes.Find(id) ?? throw RuntimeException.NoSandbox(id);
        return Shape(Of(sandbox) with { Decisions = [.. _decisions.AsEnumerable().Reverse()] });
    }

    public IReadOnlyList<SandboxMemory> ReadAll() => [.. sandboxes.List(null).Select(s => Shape(Of(s)) with { Decisions = [] })];

    public HostMemory ReadHost() => Host;

    public Task<ExpandResult> ExpandAsync(SandboxId id, int? targetMb, CancellationToken cancellationToken)
    {
        Asked.Add(targetMb);
        Sandbox sandbox = sandboxes.Find(id) ?? throw RuntimeException.NoSandbox(id);
        int current = sandbox.MemoryLimitMb, ceiling = sandbox.MemoryCeilingMb;
        if (targetMb <= current)
        {
            throw new RuntimeException(ErrorKind.TargetNotAboveCurrent, $"target_mb {targetMb} is not above the current limit {current} MB")
            {
                Details = new Dictionary<string, object> { ["target_mb"] = targetMb.Value, ["current_mb"] = current },
            };
        }

        string percent = (Available * 100).ToString("F2", System.Globalization.CultureInfo.InvariantCulture);
        if (Available < 0.10)
        {
            throw new RuntimeException(ErrorKind.HostMemoryLow, $"host memory available ratio {percent}% is below 10%; memory expand is blocked")
            {
                Details = new Dictionary<string, object> { ["available_ratio"] = Available },
            };
        }

        int next = Math.Min(targetMb ?? Math.Min(2 * current, current + 2048), ceiling);
        if (next <= current)
        {
            return Task.FromResult(new ExpandResult(
                false, current, current,
                targetMb is null ? $"already at-or-above configured ceiling ({ceiling} MB); current={current} MB" : "target memory is not greater than current limit",
                ceiling, targetMb > ceiling));
        }

        string reason = targetMb is null ? "memory expanded by one automatic step" : "memory expanded by agent decision";
        _decisions.Add(new MemoryRecord
        {
            Time = time.GetUtcNow(), Action = MemoryAction.Grown, Trigger = GrowthTrigger.Manual, FromMb = current, ToMb = next, Reason = reason,
        });
        sandboxes.Put(sandbox with { MemoryLimitMb = next });
        return Task.FromResult(new ExpandResult(
            true, current, next,
            Available < 0.15 ? $"{reason}; host memory available ratio {percent}% is below 15%; operation succeeded but host is under pressure" : reason,
            ceiling, targetMb > ceiling));
    }

    private static SandboxMemory Of(Sandbox sandbox) => new()
    {
        Sandbox = sandbox, Running = sandbox.Status is SandboxStatus.Running or SandboxStatus.Paused, StartMb = 256, LimitMb = sandbox.MemoryLimitMb,
        WallBytes = (long)sandbox.MemoryLimitMb << 20, CeilingBytes = (long)sandbox.MemoryCeilingMb << 20,
    };
}
