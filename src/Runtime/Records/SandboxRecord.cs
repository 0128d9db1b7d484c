using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Records;

/// <summary>All that is kept of a sandbox across restarts.</summary>
internal sealed record SandboxRecord
{
    /// <summary>What callers see. Its status is not kept: it follows from the slot.</summary>
    public required Sandbox Sandbox { get; init; }

    /// <summary>The live layer, of the form <c>lyr-</c> and 12 hex digits.</summary>
    public required string Layer { get; init; }

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

    /// <summary>The limits a slot needs for it.</summary>
    public SlotLimits Limits => new(Sandbox.MemoryLimitMb, Sandbox.Cpus, Sandbox.PidsLimit);
}
