using Sleigh.Linux;

namespace Sleigh.Runtime;

/// <summary>What keeps a sandbox apart from the host, as the kernel has it for the slot that the sandbox runs in.</summary>
public sealed record Isolation
{
    /// <summary>The capabilities of a command that runs as root, such as <c>CAP_CHOWN</c>; other users have none.</summary>
    public required IReadOnlyList<string> Capabilities { get; init; }

    /// <summary>Whether setuid bits and file capabilities mean nothing.</summary>
    public required bool NoNewPrivileges { get; init; }

    /// <summary>Whether a seccomp filter is in force.</summary>
    public required bool SeccompFilter { get; init; }

    /// <summary>Families of system calls that the filter refuses; empty without a filter.</summary>
    public required IReadOnlyList<string> SeccompDenied { get; init; }

    /// <summary>Paths of /proc and /sys that are covered: nothing is to be read there. Those that this kernel has.</summary>
    public required IReadOnlyList<string> MaskedPaths { get; init; }

    /// <summary>Paths of /proc that cannot be written to, and /sys.</summary>
    public required IReadOnlyList<string> ReadOnlyPaths { get; init; }

    /// <summary>Namespaces of its own, such as <c>pid</c>.</summary>
    public required IReadOnlyList<string> Namespaces { get; init; }

    /// <summary>Whether root inside is another user outside.</summary>
    public bool HasUserNamespace => Namespaces.Contains("user");

    /// <summary>Whether it has a network namespace of its own; else its network is the host's.</summary>
    public bool HasNetworkNamespace => Namespaces.Contains("net");

    /// <summary>The ids of the host that users and groups inside have, from 0 on; null without a user namespace.</summary>
    public IdRange? HostIds { get; init; }

    /// <summary>The most open files of a process; null: no limit.</summary>
    public required long? OpenFiles { get; init; }

    /// <summary>Who tells of the machine in /proc: <c>generated</c> by the daemon, <c>lxcfs</c> for memory and the daemon for the rest, or the <c>host</c>'s own figures.</summary>
    public required string ProcSource { get; init; }

    /// <summary>The files that tell of the sandbox's machine and not of the host's.</summary>
    public required IReadOnlyList<string> ProcFiles { get; init; }

    /// <summary>What it means to have no network namespace.</summary>
    public const string HostNetwork =
        "it was made with network host: it has the host's interfaces, addresses, ports, loopback services and abstract sockets, and no policy holds what it sends";

    /// <summary>Why root inside is user 0 outside too.</summary>
    public const string NoUserNamespace = "sandbox.user_namespace was off when its container was made, or auto and this host could not: it is in the host's user namespace; root inside is user 0 with the capabilities listed here alone";
}
