using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Slots;

/// <summary>Numbers of Linux capabilities (linux/capability.h, up to Linux 5.9; none was added since).</summary>
public static class Capabilities
{
    private static readonly string[] All =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
        "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
        "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    // Of root in the host's user namespace they hold for the host's network: raw sockets read all that passes, addresses and routes change, and low ports
    // are those of the host's own services.
    private static readonly string[] OverNetwork = ["CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW"];

    /// <summary>Those that a sandbox with this network gets of the ones that the operator gives: none over the host's network.</summary>
    public static IReadOnlyList<string> In(NetworkMode mode, IReadOnlyList<string> given) => mode == NetworkMode.Host ? [.. given.Except(OverNetwork)] : given;

    /// <summary>Bit n is set for capability number n.</summary>
    /// <exception cref="ArgumentException">A name is none of them.</exception>
    public static ulong Mask(IEnumerable<string> names) => names.Aggregate(0UL, (mask, name) => mask | (1UL << Number(name)));

    /// <summary>The names of those in a mask, by number; a newer kernel's, which has no name here, is told as <c>CAP_41</c> and so on.</summary>
    public static IReadOnlyList<string> Names(ulong mask) =>
        [.. Enumerable.Range(0, 64).Where(number => (mask >> number & 1) != 0).Select(number => number < All.Length ? All[number] : $"CAP_{number}")];

    private static int Number(string name)
    {
        int number = Array.IndexOf(All, name);
        return number >= 0 ? number : throw new ArgumentException($"'{name}' is no Linux capability");
    }
}
