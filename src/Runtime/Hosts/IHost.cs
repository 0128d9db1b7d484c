using Sleigh.Network;

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

    /// <summary>What the host has and how much of it is in use. Reads kernel files and asks containerd for its version.</summary>
    Task<HostResources> ResourcesAsync(CancellationToken cancellationToken);

    /// <summary>How near the host is to running out of memory; sends an alert where one is set and due, and waits for it a moment at most.</summary>
    Task<OomDiagnosis> DiagnoseOomAsync(CancellationToken cancellationToken);

    /// <summary>Facts of the host with remedies.</summary>
    Task<IReadOnlyList<DoctorCheck>> DoctorAsync(CancellationToken cancellationToken);

    /// <summary>The most memory one sandbox may be promised, in MB.</summary>
    int MemoryBudgetMb { get; }

    /// <summary>Why <c>disk_limit_mb</c> cannot be held here; null: it can.</summary>
    string? DiskLimitUnavailable { get; }

    /// <summary>Why no sandbox of a runtime class can be made here; null: it can.</summary>
    /// <param name="runtimeClass">One of <see cref="RuntimeClasses"/>.</param>
    string? RuntimeUnavailable(string runtimeClass);

    /// <summary>The names of runtime classes.</summary>
    IReadOnlyList<string> RuntimeClasses { get; }

    /// <summary>Why sandboxes can have no network but loopback here now; null: they can.</summary>
    string? NetworkUnavailable { get; }

    /// <summary>
    /// Why nobody but the operator can open what a rule names, since it is the host's address or its neighbours', as the end of a sentence that begins with the rule.
    /// Null: it can be opened, or the network is not open yet; then the rules have no effect on what is closed all the same.
    /// </summary>
    string? WhyClosed(EgressRule rule);

    /// <summary>Logical cores.</summary>
    int Cores { get; }
}
