using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeFsck : IFsck
{
    public List<FsckFinding> Findings { get; } = [];

    public Task<FsckReport> RunAsync(bool repair, CancellationToken cancellationToken) => Task.FromResult(new FsckReport(
        3, 5, 4, 5, 1, [.. Findings.Select(f => repair && f.Outcome == FsckOutcome.Repairable ? f with { Outcome = FsckOutcome.Repaired } : f)]));
}
