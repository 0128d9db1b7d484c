using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Says it has deleted what a test wants it to.</summary>
internal sealed class FakeMaintenance : IMaintenance
{
    public (int Deleted, DateTimeOffset Before) Result { get; set; } = (12, new DateTimeOffset(2025, 12, 22, 9, 0, 0, 500, TimeSpan.Zero));

    public int Runs { get; private set; }

    public Task<(int Deleted, DateTimeOffset Before)> CleanUpExecsAsync(CancellationToken cancellationToken)
    {
        Runs++;
        return Task.FromResult(Result);
    }
}
