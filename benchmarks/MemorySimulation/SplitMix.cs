namespace Sleigh.Benchmarks.MemorySimulation;

/// <summary>The generator SplitMix64: the same numbers from the same seed on every version of .NET.</summary>
internal sealed class SplitMix
{
    private ulong _state;

    public SplitMix(ulong seed) => _state = seed;

    /// <summary>A number from <paramref name="low"/> on and below <paramref name="high"/>.</summary>
    public double Between(double low, double high)
    {
        _state += 0x9E3779B97F4A7C15;
        ulong mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return low + ((high - low) * ((mixed ^ (mixed >> 31)) >> 11) / (1UL << 53));
    }
}
