using Sleigh.Cgroups;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Proc;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Checks;

/// <summary>What keeps sandboxes apart from this host, and what of it the host cannot give.</summary>
internal static class IsolationChecks
{
    public static IEnumerable<HostCheck> List(SleighOptions options, bool? givesUsers) =>
    [
        new("seccomp", () => Seccomp(HostText.Of("/proc/sys/kernel/seccomp/actions_avail"))),
        new("user namespaces", async token => UserNamespaces(
            options.Sandbox.UserNamespace, await SandboxUsers.LacksAsync(options, token), HostText.NumberOf("/proc/sys/user/max_user_namespaces"), givesUsers)),
        new("core dumps", () => CoreDumps(HostText.Of("/proc/sys/kernel/core_pattern") ?? "")),
        new("proc files", () => Proc(
            options.Sandbox.Proc, !CgroupHierarchy.Detect().CanLimitMemory(options.Cgroup.Subtree), ProcPlan.HasLxcfs())),
        new("runtime classes", () => Runtimes(RuntimeClass.Names.Where(name => name != options.Sandbox.Runtime).Select(
            name => (name, RuntimeClass.Of(name, options).Unavailable(HostTool.Find, CgroupHierarchy.Detect().Mode))), options.Sandbox.Runtime)),
    ];

    internal static Finding Seccomp(string? actions) => actions?.Split(' ').Contains("errno") == true
        ? Finding.Ok("filters of system calls can be set")
        : Finding.Fail("the kernel has no seccomp filters: no container starts", KernelChecks.NewKernel(System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture));

    /// <summary>Whether root inside is user 0 of the host too; programs inside may make namespaces for sandboxes of their own.</summary>
    /// <param name="wanted">The setting.</param>
    /// <param name="lacks">What this host lacks for it; null: nothing.</param>
    /// <param name="most">How many there can be, user.max_user_namespaces.</param>
    /// <param name="gives">Whether the daemon gives them since its start; null: that is not known.</param>
    internal static Finding UserNamespaces(UserNamespaceUse wanted, string? lacks, long? most, bool? gives = null)
    {
        string inside = most is null or 0 ? "programs inside can make none" : "programs inside can make some, user.max_user_namespaces = 0 on the host forbids it";
        return (wanted, lacks) switch
        {
            (UserNamespaceUse.Auto, null) when gives == false => Finding.Warn(
                $"sandboxes have none of their own, since this host could not give them when the daemon started, and now it can; {inside}", "systemctl restart sleigh"),
            (not UserNamespaceUse.False, null) => Finding.Ok($"root in a sandbox is user {SandboxUsers.Range.Outside} of this host; {inside}"),
            (UserNamespaceUse.True, _) => Finding.Fail(
                $"sandbox.user_namespace is true, and the daemon does not start: {lacks}", "set sandbox.user_namespace to auto or false, then systemctl restart sleigh"),
            (UserNamespaceUse.Auto, _) => Finding.Warn(
                $"sandboxes have none of their own, so root inside is user 0 of this host, which cannot give them: {lacks}; {inside}",
                "mend that and systemctl restart sleigh, or set sandbox.user_namespace to false to go without"),
            (_, null) => Finding.Ok($"sandboxes have none of their own: sandbox.user_namespace is false, and this host could give them; {inside}"),
            _ => Finding.Ok($"sandboxes have none of their own, and this host cannot give them: {lacks}; {inside}"),
        };
    }

    /// <summary>The kernel starts such a program as root of the host, whoever crashes.</summary>
    internal static Finding CoreDumps(string pattern) => pattern.StartsWith('|')
        ? Finding.Warn(
            $"a crash in a sandbox starts {pattern[1..].Split(' ')[0]} on the host, which takes the dump",
            "echo kernel.core_pattern=core > /etc/sysctl.d/60-sleigh-core.conf && sysctl --system")
        : Finding.Ok("a crash in a sandbox leaves its dump, if any, in the sandbox");

    /// <param name="wanted">The setting.</param>
    /// <param name="limitsOnPid1">The memory group of PID 1 is the one with the limit and all commands, as with version 1: lxcfs looks at that group.</param>
    /// <param name="hasLxcfs">It is mounted.</param>
    internal static Finding Proc(ProcView wanted, bool limitsOnPid1, bool hasLxcfs) => ProcPlan.Choose(wanted, hasLxcfs) switch
    {
        ProcView.Lxcfs when !limitsOnPid1 => Finding.Warn(
            "lxcfs tells sandboxes of their memory, and with cgroup version 2 it counts none that commands use", "set sandbox.proc to generated, then systemctl restart sleigh"),
        ProcView.Lxcfs => Finding.Ok("lxcfs tells sandboxes of their memory, the daemon's own files of the rest"),
        ProcView.Host => Finding.Warn("sandboxes read the memory and CPUs of the whole host in /proc", "set sandbox.proc to generated, then systemctl restart sleigh"),
        _ when wanted == ProcView.Lxcfs => Finding.Warn(
            $"lxcfs is not mounted at {ProcPlan.LxcfsRoot}; the daemon's own files tell sandboxes of their memory and CPUs", "apt install lxcfs && systemctl start lxcfs, then systemctl restart sleigh"),
        _ => Finding.Ok("the daemon's own files tell sandboxes of their memory and CPUs, anew every 2 s while commands run"),
    };

    internal static Finding Runtimes(IEnumerable<(string Name, string? Unavailable)> others, string configured) =>
        Finding.Ok(string.Join("; ", (string[])[configured, .. others.Select(o => o.Unavailable is null ? o.Name : $"not {o.Name}: {o.Unavailable}")]));
}
