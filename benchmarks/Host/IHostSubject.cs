using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host;

/// <summary>A subject whose sandboxes can be looked at from the host.</summary>
internal interface IHostSubject : IBenchSubject
{
    /// <summary>The processes of the host that are there for one sandbox only: its first process and its shim.</summary>
    Task<IReadOnlyList<int>> ProcessesAsync(string id, CancellationToken cancellationToken);
}
