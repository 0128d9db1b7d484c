using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Sleigh.Runtime.Proc;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// Writes the OCI runtime spec (1.0.2) of a slot: sleigh-init as PID 1 on the skeleton, new mount, PID, IPC and UTS namespaces, mostly a network
/// namespace too, no cgroup namespace (a command is born in a cgroup beside PID 1's, which a cgroup namespace would hide from it).
/// </summary>
internal static class SlotSpecWriter
{
    /// <summary>What sleigh-init itself needs; commands get only what the sandbox lists.</summary>
    private static readonly string[] InitCapabilities =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_SYS_CHROOT",
    ];

    /// <summary>Covered where the kernel has them.</summary>
    internal static readonly string[] MaskedPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
        "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ];

    // /proc/1 among them: root in the sandbox owns the files of a process that is not dumpable, oom_score_adj for one.
    /// <summary>Read-only where the kernel has them.</summary>
    internal static readonly string[] ReadonlyPaths =
        ["/proc/1", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    private static readonly string[] HostSysDirectories = ["/sys/block", "/sys/bus", "/sys/class", "/sys/dev", "/sys/devices", "/sys/module"];

    /// <summary>The spec as UTF-8 JSON.</summary>
    public static byte[] Write(SlotSpec spec)
    {
        ArrayBufferWriter<byte> buffer = new(16 * 1024);
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteString("ociVersion", "1.0.2");
            WriteProcess(json, spec);
            json.WriteStartObject("root");
            json.WriteString("path", spec.SkeletonDirectory);
            json.WriteBoolean("readonly", true);
            json.WriteEndObject();
            json.WriteString("hostname", "sleigh");
            WriteMounts(json, spec);
            WriteLinux(json, spec);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteProcess(Utf8JsonWriter json, SlotSpec spec)
    {
        json.WriteStartObject("process");
        json.WriteBoolean("terminal", false);
        json.WriteStartObject("user");
        json.WriteNumber("uid", 0);
        json.WriteNumber("gid", 0);
        json.WriteEndObject();
        long files = Math.Min(spec.OpenFiles, OpenFilesLimit.Hard);
        string[] lowered = spec.OpenFilesByInit ? ["--open-files", files.ToString(CultureInfo.InvariantCulture)] : [];
        WriteStrings(json, "args", spec.UserNamespace is null ? ["/sleigh-init"] : ["/sleigh-init", "--host-uid", SandboxUsers.HostInside, .. lowered]);
        WriteStrings(json, "env", ["PATH=/"]);
        json.WriteString("cwd", "/");
        json.WriteBoolean("noNewPrivileges", true);
        string[] capabilities = [.. spec.Capabilities.Union(InitCapabilities).Order(StringComparer.Ordinal)];
        json.WriteStartObject("capabilities");
        foreach (string set in (ReadOnlySpan<string>)["bounding", "effective", "permitted"])
        {
            WriteStrings(json, set, capabilities);
        }

        json.WriteEndObject();
        if (!spec.OpenFilesByInit)
        {
            json.WriteStartArray("rlimits");
            json.WriteStartObject();
            json.WriteString("type", "RLIMIT_NOFILE");
            json.WriteNumber("hard", files);
            json.WriteNumber("soft", Math.Min(OpenFilesLimit.Soft, files));
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    // All instances of the host together have kernel.pty.max, 4096, and none may take them all.
    private const int Terminals = 256;

    private static void WriteMounts(Utf8JsonWriter json, SlotSpec spec)
    {
        json.WriteStartArray("mounts");
        WriteMount(json, "/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]);
        WriteMount(json, "/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]);
        WriteMount(json, "/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5", $"max={Terminals}"]);
        WriteMount(json, "/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]);
        WriteMount(json, "/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]);
        WriteSys(json, spec);
        WriteMount(json, "/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=755", "size=64k"]);
        WriteMount(json, "/run/sleigh", "bind", spec.HostDirectory, ["bind", "private", "nosuid", "nodev", "noexec"]);
        foreach (ProcBind file in spec.Proc)
        {
            WriteMount(json, file.Target, "bind", file.Source, ["bind", "private", "ro", "nosuid", "nodev", "noexec"]);
        }

        json.WriteEndArray();
    }

    // Only root of the user namespace that a network namespace belongs to may mount a sysfs for it (Linux, net/core/net-sysfs.c: net_current_may_mount). In the
    // host's network a container with users of its own gets the host's, by those of its directories on which nothing is mounted.
    private static void WriteSys(Utf8JsonWriter json, SlotSpec spec)
    {
        if (!spec.SharesHostNetwork || spec.UserNamespace is null)
        {
            WriteMount(json, "/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]);
            return;
        }

        WriteMount(json, "/sys", "tmpfs", "sysfs", ["nosuid", "noexec", "nodev", "ro", "mode=755", "size=64k"]);
        foreach (string directory in HostSysDirectories)
        {
            WriteMount(json, directory, "bind", directory, ["bind", "private", "ro", "nosuid", "nodev", "noexec"]);
        }
    }

    private static void WriteLinux(Utf8JsonWriter json, SlotSpec spec)
    {
        json.WriteStartObject("linux");
        json.WriteString("cgroupsPath", spec.CgroupsPath);
        // Recursive: crun takes the word as it is, and would leave what it binds from the host's /dev in a group with it.
        json.WriteString("rootfsPropagation", "rprivate");
        json.WriteStartArray("namespaces");
        foreach (string name in (ReadOnlySpan<string>)["pid", "ipc", "uts", "mount", "network"])
        {
            if (name == "network" && spec.SharesHostNetwork)
            {
                continue;
            }

            json.WriteStartObject();
            json.WriteString("type", name);
            if (name == "network" && spec.NetworkNamespace is string path)
            {
                json.WriteString("path", path);
            }

            json.WriteEndObject();
        }

        if (spec.UserNamespace is string users)
        {
            json.WriteStartObject();
            json.WriteString("type", "user");
            json.WriteString("path", users);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (spec.UserNamespace is not null)
        {
            // runc before 1.2 wants to be told what the namespace has already; later ones compare.
            WriteRange(json, "uidMappings");
            WriteRange(json, "gidMappings");
        }

        WriteStrings(json, "maskedPaths", MaskedPaths);
        WriteStrings(json, "readonlyPaths", ReadonlyPaths);
        json.WritePropertyName("resources");
        WriteResources(json, spec.RuntimeLimits);
        json.WritePropertyName("seccomp");
        SeccompProfile.Write(json);
        json.WriteEndObject();
    }

    private static void WriteRange(Utf8JsonWriter json, string name)
    {
        json.WriteStartArray(name);
        json.WriteStartObject();
        json.WriteNumber("containerID", SandboxUsers.Range.Inside);
        json.WriteNumber("hostID", SandboxUsers.Range.Outside);
        json.WriteNumber("size", SandboxUsers.Range.Count);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteResources(Utf8JsonWriter json, SlotLimits? limits)
    {
        json.WriteStartObject();
        json.WriteStartArray("devices");
        // The runtime itself allows null, zero, full, random, urandom, tty, ptmx and pts on top of this.
        json.WriteStartObject();
        json.WriteBoolean("allow", false);
        json.WriteString("access", "rwm");
        json.WriteEndObject();
        json.WriteEndArray();
        if (limits is not null)
        {
            WriteLimits(json, limits);
        }

        json.WriteEndObject();
    }

    /// <summary>Writes memory, pids and cpu as members of an open <c>resources</c> object; also the body of a task update.</summary>
    public static void WriteLimits(Utf8JsonWriter json, SlotLimits limits)
    {
        json.WriteStartObject("memory");
        json.WriteNumber("limit", limits.WallBytes);
        json.WriteNumber("swap", limits.WallBytes);
        json.WriteEndObject();
        json.WriteStartObject("pids");
        json.WriteNumber("limit", limits.PidsWithInit);
        json.WriteEndObject();
        json.WriteStartObject("cpu");
        json.WriteNumber("period", SlotLimits.CpuPeriodUsec);
        json.WriteNumber("quota", limits.CpuQuotaUsec ?? -1);
        json.WriteEndObject();
    }

    private static void WriteMount(Utf8JsonWriter json, string target, string type, string source, string[] options)
    {
        json.WriteStartObject();
        json.WriteString("destination", target);
        json.WriteString("type", type);
        json.WriteString("source", source);
        WriteStrings(json, "options", options);
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
