using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeDiffs(FakeSandboxes sandboxes) : ISnapshotDiffs
{
    public SnapshotDiff Result { get; set; } = new([], false, 0, 0, 0, 0);

    public RuntimeException? Fail { get; set; }

    public string? Asked { get; private set; }

    public Snapshot Require(SandboxId id, string snapshotId) => sandboxes.Require(id, snapshotId);

    public Task<SnapshotDiff> CompareAsync(SandboxId id, Snapshot from, Snapshot? to, DiffQuery query, CancellationToken cancellationToken)
    {
        Asked = $"{to?.Id} {query.Prefix} {System.Text.Encoding.UTF8.GetString(query.After.Span)} {query.Limit}{(query.Renames ? " renames" : "")}{(query.PatchMaxBytes is int most ? $" patch {most}" : "")}";
        return Fail is null ? Task.FromResult(Result) : throw Fail;
    }
}
