namespace Sleigh.Benchmarks.MemorySimulation.Model;

/// <summary>What came out of one run. Bytes, microseconds of simulated time.</summary>
internal sealed record SimulationResult
{
    public required Trace Trace { get; init; }

    /// <summary>Sandboxes whose command was killed at its wall.</summary>
    public required int Kills { get; init; }

    /// <summary>Sandboxes that did all they wanted to.</summary>
    public required int Done { get; init; }

    /// <summary>Time in which workloads stood still for lack of memory, all together.</summary>
    public required long Throttled { get; init; }

    /// <summary>The most that one workload stood still.</summary>
    public required long MostThrottled { get; init; }

    public required double PromisedMean { get; init; }

    public required long PromisedPeak { get; init; }

    public required double UsedMean { get; init; }

    public required long UsedPeak { get; init; }

    /// <summary>The least that the host had available.</summary>
    public required long AvailableLeast { get; init; }

    public required int Growths { get; init; }

    /// <summary>Episodes in which a growth was refused for lack of room.</summary>
    public required int Refusals { get; init; }

    /// <summary>Take-backs for the sake of others.</summary>
    public required int TakeBacks { get; init; }

    /// <summary>When each sandbox had done all it wanted to; null: it did not.</summary>
    public required IReadOnlyList<long?> DoneAt { get; init; }

    /// <summary>What each uses at the end.</summary>
    public required IReadOnlyList<long> UsedAtEnd { get; init; }

    /// <summary>The brakes at the end.</summary>
    public required IReadOnlyList<long> BrakesAtEnd { get; init; }
}
