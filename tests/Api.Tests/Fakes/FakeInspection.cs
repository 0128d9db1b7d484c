using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeInspection : IInspection
{
    public IReadOnlyList<SandboxLoad> Sandboxes { get; set; } = [];

    public double? Pressure { get; set; } = 1.5;

    public SandboxPlace? Found { get; set; }

    public HostLoad Load() => new()
    {
        Time = new DateTimeOffset(2026, 1, 5, 9, 0, 1, 120, TimeSpan.Zero),
        Cores = 2,
        Load1 = 0.25,
        MemoryTotalBytes = 4000,
        MemoryAvailableBytes = 3000,
        MemorySomeAvg10 = Pressure,
        PoolAvailable = 3,
        PoolTarget = 4,
        Sandboxes = Sandboxes,
    };

    public SandboxPlace? Place(SandboxId id) => Found;
}
