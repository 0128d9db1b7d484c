using Sleigh.Runtime.Checks;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class IsolationChecksTests
{
    [Fact]
    public void Without_filters_of_system_calls_nothing_starts()
    {
        Assert.Equal("ok", IsolationChecks.Seccomp("kill_process kill_thread trap errno user_notif trace log allow").Result);
        Assert.Equal(("fail", "the kernel has no seccomp filters: no container starts"), (IsolationChecks.Seccomp(null).Result, IsolationChecks.Seccomp(null).Seen));
    }

    [Fact]
    public void Who_can_make_user_namespaces_is_told()
    {
        Assert.EndsWith("; programs inside can make none", IsolationChecks.UserNamespaces(UserNamespaceUse.False, null, 0).Seen, StringComparison.Ordinal);
        Assert.Contains("user.max_user_namespaces = 0", IsolationChecks.UserNamespaces(UserNamespaceUse.False, null, 1000).Seen, StringComparison.Ordinal);
    }

    [Fact]
    public void Whether_root_inside_is_root_of_the_host_is_told_and_what_the_host_lacks()
    {
        Assert.Equal("root in a sandbox is user 2147483648 of this host; programs inside can make none", IsolationChecks.UserNamespaces(UserNamespaceUse.True, null, 0).Seen);
        Assert.Contains("this host could give them", IsolationChecks.UserNamespaces(UserNamespaceUse.False, null, 0).Seen, StringComparison.Ordinal);
        Finding cannot = IsolationChecks.UserNamespaces(UserNamespaceUse.False, "no idmapped mounts", 0);
        Assert.Equal(("ok", true), (cannot.Result, cannot.Seen.Contains("cannot give them: no idmapped mounts", StringComparison.Ordinal)));
        Finding refuses = IsolationChecks.UserNamespaces(UserNamespaceUse.True, "no idmapped mounts", 0);
        Assert.Equal(("fail", true), (refuses.Result, refuses.Seen.EndsWith("does not start: no idmapped mounts", StringComparison.Ordinal)));
        Assert.StartsWith("set sandbox.user_namespace to auto or false", refuses.Remedy, StringComparison.Ordinal);
        Assert.Equal(IsolationChecks.UserNamespaces(UserNamespaceUse.True, null, 0), IsolationChecks.UserNamespaces(UserNamespaceUse.Auto, null, 0));
        Finding without = IsolationChecks.UserNamespaces(UserNamespaceUse.Auto, "no idmapped mounts", 0);
        Assert.Equal(("warn", true), (without.Result, without.Seen.Contains("which cannot give them: no idmapped mounts", StringComparison.Ordinal)));
        Assert.Equal(IsolationChecks.UserNamespaces(UserNamespaceUse.Auto, null, 0), IsolationChecks.UserNamespaces(UserNamespaceUse.Auto, null, 0, gives: true));
        Finding late = IsolationChecks.UserNamespaces(UserNamespaceUse.Auto, null, 0, gives: false);
        Assert.Equal(("warn", "systemctl restart sleigh", true), (late.Result, late.Remedy, late.Seen.Contains("could not give them when the daemon started", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_program_of_the_host_that_takes_dumps_is_named()
    {
        Finding piped = IsolationChecks.CoreDumps("|/usr/lib/systemd/systemd-coredump %P %u");

        Assert.Equal(("warn", "a crash in a sandbox starts /usr/lib/systemd/systemd-coredump on the host, which takes the dump"), (piped.Result, piped.Seen));
        Assert.StartsWith("echo kernel.core_pattern=core", piped.Remedy, StringComparison.Ordinal);
        Assert.Equal("ok", IsolationChecks.CoreDumps("core").Result);
    }

    [Fact]
    public void Who_tells_of_memory_and_cpus_is_told_and_how_to_get_what_is_missing()
    {
        Assert.Equal("lxcfs tells sandboxes of their memory, the daemon's own files of the rest", IsolationChecks.Proc(ProcView.Lxcfs, true, true).Seen);
        Assert.StartsWith("the daemon's own files", IsolationChecks.Proc(ProcView.Generated, true, true).Seen, StringComparison.Ordinal);
        Assert.Equal("set sandbox.proc to generated, then systemctl restart sleigh", IsolationChecks.Proc(ProcView.Host, true, true).Remedy);
        Assert.Equal("apt install lxcfs && systemctl start lxcfs, then systemctl restart sleigh", IsolationChecks.Proc(ProcView.Lxcfs, true, false).Remedy);
        Assert.Equal(("warn", "set sandbox.proc to generated, then systemctl restart sleigh"), (IsolationChecks.Proc(ProcView.Lxcfs, false, true).Result, IsolationChecks.Proc(ProcView.Lxcfs, false, true).Remedy));
    }

    [Fact]
    public void Runtime_classes_that_cannot_be_had_say_why()
    {
        Assert.Equal("runc; crun; not kata: x is not installed", IsolationChecks.Runtimes([("crun", null), ("kata", "x is not installed")], "runc").Seen);
    }
}
