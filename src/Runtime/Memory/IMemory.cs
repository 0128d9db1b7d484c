namespace Sleigh.Runtime.Memory;

/// <summary>Memory of sandboxes and the host's ledger.</summary>
public interface IMemory
{
    /// <summary>A sandbox's memory now, its kept decisions included. Reads kernel files only.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.NotFound"/>.</exception>
    SandboxMemory Read(SandboxId id);

    /// <summary>The memory of all sandboxes, oldest first, without their decisions.</summary>
    IReadOnlyList<SandboxMemory> ReadAll();

    /// <summary>The ledger now.</summary>
    HostMemory ReadHost();

    /// <summary>Raises a limit at once, by endpoint 17's rules from its third step on; what it raises is kept and not given back.</summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="targetMb">The limit that is wanted, above the present one; null: one automatic step.</param>
    /// <param name="cancellationToken">Ends waiting.</param>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.HostMemoryLow"/>, <see cref="ErrorKind.TargetNotAboveCurrent"/>,
    /// <see cref="ErrorKind.EngineUnavailable"/>.
    /// </exception>
    Task<ExpandResult> ExpandAsync(SandboxId id, int? targetMb, CancellationToken cancellationToken);
}
