using System.Globalization;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Checks;

/// <summary>What this process may do, who may use its socket, and what else the host lets in the way.</summary>
internal sealed class AccessChecks(SleighOptions options)
{
    // capability.h: SYS_ADMIN mounts and enters namespaces; CHOWN, DAC_OVERRIDE, FOWNER, FSETID, MKNOD and SETFCAP write any file tree;
    // KILL and SYS_PTRACE reach the sandboxes' processes.
    private static readonly (string Name, int Bit)[] Needed =
        [("CHOWN", 0), ("DAC_OVERRIDE", 1), ("FOWNER", 3), ("FSETID", 4), ("KILL", 5), ("SYS_PTRACE", 19), ("SYS_ADMIN", 21), ("MKNOD", 27), ("SETFCAP", 31)];

    public IEnumerable<HostCheck> List() =>
    [
        new("privileges", () => Privileges(HostText.Of("/proc/self/status") ?? "")),
        new("init", () => Init(options.Init.Path, File.Exists(options.Init.Path) ? File.GetUnixFileMode(options.Init.Path) : null)),
        new("group", () => Group(options.Http.SocketGroup, HostText.Of("/etc/group") ?? "")),
        new("security modules", () => Modules(
            HostText.Of("/sys/kernel/security/lsm"), HostText.Of("/sys/module/apparmor/parameters/enabled"), HostText.Of("/sys/fs/selinux/enforce"))),
    ];

    internal static Finding Privileges(string status)
    {
        string line = status.Split('\n').FirstOrDefault(l => l.StartsWith("CapEff:", StringComparison.Ordinal)) ?? throw new FormatException($"no 'CapEff' line in '{status}'");
        ulong effective = ulong.Parse(line[7..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        string[] missing = [.. Needed.Where(c => (effective & (1ul << c.Bit)) == 0).Select(c => $"CAP_{c.Name}")];
        return missing.Length == 0
            ? Finding.Ok("all that sleighd needs")
            : Finding.Fail($"this process lacks {string.Join(", ", missing)}; facts below may be missing too", "run it as root: sudo sleighctl doctor");
    }

    internal static Finding Init(string path, UnixFileMode? mode) =>
        mode is null ? Finding.Fail($"init.path {path} does not exist", "apt install --reinstall sleigh")
        : (mode & UnixFileMode.UserExecute) == 0 ? Finding.Fail($"init.path {path} cannot be executed", $"chmod 0755 {path}")
        : Finding.Ok(path);

    internal static Finding Group(string name, string groups) => groups.Split('\n').Any(line => line.StartsWith($"{name}:", StringComparison.Ordinal))
        ? Finding.Ok($"{name} may use the socket")
        : Finding.Warn($"there is no group {name}: only root may use the socket", $"groupadd --system {name}, then systemctl restart sleigh");

    /// <summary>Sandboxes run without an AppArmor profile: the capabilities, seccomp and masked paths hold them.</summary>
    internal static Finding Modules(string? list, string? appArmor, string? enforces)
    {
        if (enforces == "1")
        {
            return Finding.Warn("SELinux enforces, and Sleigh brings no policy for it: mounts may be refused", "ausearch -m avc -ts recent shows what it refused");
        }

        string seen = string.IsNullOrEmpty(list) ? "none listed" : list.Replace(",", ", ", StringComparison.Ordinal);
        return Finding.Ok(appArmor == "Y" ? $"{seen}; AppArmor is on, sandboxes have no profile of their own" : $"{seen}; AppArmor is off");
    }
}
