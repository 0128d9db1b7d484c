namespace Sleigh.Runtime;

/// <summary>The state of the host and of the daemon itself.</summary>
public interface IHost
{
    /// <summary>True from the start of shutdown.</summary>
    bool IsStopping { get; }

    /// <summary>Ends with the start of shutdown; open streams end with it.</summary>
    CancellationToken Stopping { get; }

    /// <summary>The checks of <c>/readyz</c>; messages hold no host paths.</summary>
    Task<IReadOnlyList<HealthCheck>> CheckAsync(CancellationToken cancellationToken);

    /// <summary>What <c>sleighctl status</c> shows.</summary>
    Task<HostStatus> StatusAsync(CancellationToken cancellationToken);

    /// <summary>Facts of the host with remedies.</summary>
    Task<IReadOnlyList<DoctorCheck>> DoctorAsync(CancellationToken cancellationToken);

    /// <summary>The most memory one sandbox may be promised, in MB.</summary>
    int MemoryBudgetMb { get; }

    /// <summary>Logical cores.</summary>
    int Cores { get; }
}
