using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeWarmPool : IWarmPool
{
    public RuntimeException? Fail { get; set; }

    public WarmPoolStatus Status { get; set; } = new()
    {
        TargetSize = 2, MaxSize = 16, TargetNow = 3, Available = 1, Making = 1, Image = "python:3.11-slim", MemoryMb = 256, Hits = 5, Misses = 1,
        RefillTotal = 7, Dropped = 4,
    };

    public Task<WarmPoolStatus> RefillAsync(CancellationToken cancellationToken)
    {
        if (Fail is not null)
        {
            return Task.FromException<WarmPoolStatus>(Fail);
        }

        Status = Status with { Available = 2, RefillTotal = 8 };
        return Task.FromResult(Status);
    }
}
