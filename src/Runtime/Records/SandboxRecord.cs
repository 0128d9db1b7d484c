using Sleigh.Cgroups.Growth;
using Sleigh.Overlay;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>All that is kept of a sandbox across restarts.</summary>
internal sealed record SandboxRecord
{
    /// <summary>What callers see. Its status is not kept: it follows from the slot.</summary>
    public required Sandbox Sandbox { get; init; }

    /// <summary>The live layer, of the form <c>lyr-</c> and 12 hex digits.</summary>
    public required string Layer { get; init; }

    /// <summary>The live layer's mark while it holds exactly what the base snapshot holds; null: not known.</summary>
    public LayerMark? Mark { get; init; }

    /// <summary>The slot it runs in; null when it has exited.</summary>
    public SlotId? Slot { get; init; }

    /// <summary>The chain ID of the image's layers: the lower layers are found by it, whatever the image's name means later.</summary>
    public required string Chain { get; init; }

    /// <summary>How commands start.</summary>
    public required ImageSettings Settings { get; init; }

    /// <summary>Environment of every command; never shown.</summary>
    public required IReadOnlyDictionary<string, string> Env { get; init; }

    /// <summary>Time to live as asked for, counted anew in forks.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>The limits a slot begins with. <see cref="Sandbox.MemoryLimitMb"/> of a record is what the sandbox starts with, never what it has grown to.</summary>
    public SlotLimits Limits => LimitsAt(Sandbox.MemoryLimitMb);

    /// <summary>As <see cref="Limits"/>, with a memory limit that has grown.</summary>
    public SlotLimits LimitsAt(int memoryMb) => new(
        memoryMb, Sandbox.Cpus, Sandbox.PidsLimit,
        Sandbox.AutoExpandMemory ? (int)(Math.Min(Bounds.Ceiling, GrowthPolicy.WallOf(memoryMb * GrowthOptions.MiB, new GrowthOptions())) >> 20) : null);

    /// <summary>The most its live layer may hold; null: no limit.</summary>
    public long? DiskLimitBytes => Sandbox.DiskLimitMb * GrowthOptions.MiB;

    /// <summary>Between what its limit may move.</summary>
    public GrowthBounds Bounds => new(
        Sandbox.MemoryLimitMb * GrowthOptions.MiB, Math.Max(Sandbox.MemoryCeilingMb, Sandbox.MemoryLimitMb) * GrowthOptions.MiB, Sandbox.AutoExpandMemory);
}
