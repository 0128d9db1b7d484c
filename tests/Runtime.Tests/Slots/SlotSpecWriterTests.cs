using System.Text.Json;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class SlotSpecWriterTests
{
    private static JsonElement Write(SlotLimits? limits = null)
    {
        byte[] json = SlotSpecWriter.Write(new SlotSpec
        {
            SkeletonDirectory = "/skeleton",
            HostDirectory = "/slots/one",
            CgroupsPath = "/sleigh/slot-1/init",
            Capabilities = ["CAP_CHOWN", "CAP_NET_RAW"],
            RuntimeLimits = limits,
        });
        return JsonDocument.Parse(json).RootElement;
    }

    private static SlotSpec InHostNetwork => new()
    {
        SkeletonDirectory = "/skeleton", HostDirectory = "/slots/one", CgroupsPath = "/sleigh/slot-1/init", Capabilities = ["CAP_CHOWN", "CAP_NET_RAW"], SharesHostNetwork = true,
    };

    private static IEnumerable<string> Namespaces(JsonElement spec) =>
        spec.GetProperty("linux").GetProperty("namespaces").EnumerateArray().Select(n => n.GetProperty("type").GetString()!);

    private static IEnumerable<(string, string)> Sys(JsonElement spec) => spec.GetProperty("mounts").EnumerateArray().Where(IsSys)
        .Select(m => (m.GetProperty("destination").GetString()!, m.GetProperty("type").GetString()!));

    private static bool IsSys(JsonElement mount) => mount.GetProperty("destination").GetString()!.StartsWith("/sys", StringComparison.Ordinal);

    [Fact]
    public void A_user_namespace_is_joined_by_its_path_and_told_with_the_mapping_that_it_has()
    {
        using JsonDocument spec = JsonDocument.Parse(SlotSpecWriter.Write(new SlotSpec
        {
            SkeletonDirectory = "/skeleton", HostDirectory = "/slots/one", CgroupsPath = "/sleigh/slot-1/init", Capabilities = [], UserNamespace = "/proc/1/fd/9",
        }));

        JsonElement linux = spec.RootElement.GetProperty("linux");
        JsonElement user = Assert.Single(linux.GetProperty("namespaces").EnumerateArray(), n => n.GetProperty("type").GetString() == "user");
        Assert.Equal("/proc/1/fd/9", user.GetProperty("path").GetString());
        foreach (string name in (string[])["uidMappings", "gidMappings"])
        {
            Assert.Equal("""[{"containerID":0,"hostID":2147483648,"size":2147483645}]""", linux.GetProperty(name).GetRawText());
        }

        Assert.Equal(["/sleigh-init", "--host-uid"], spec.RootElement.GetProperty("process").GetProperty("args").EnumerateArray().Select(a => a.GetString()).Take(2));
        Assert.DoesNotContain(Write().GetProperty("linux").GetProperty("namespaces").EnumerateArray(), n => n.GetProperty("type").GetString() == "user");
    }

    [Fact]
    public void In_the_hosts_network_it_has_no_network_namespace_and_all_others()
    {
        using JsonDocument spec = JsonDocument.Parse(SlotSpecWriter.Write(InHostNetwork));

        Assert.Equal(["ipc", "mount", "pid", "uts"], Namespaces(spec.RootElement).Order(StringComparer.Ordinal));
        Assert.Equal(["ipc", "mount", "network", "pid", "uts"], Namespaces(Write()).Order(StringComparer.Ordinal));
        Assert.Equal(Write().GetProperty("linux").GetProperty("seccomp").GetRawText(), spec.RootElement.GetProperty("linux").GetProperty("seccomp").GetRawText());
        Assert.Equal([("/sys", "sysfs")], Sys(spec.RootElement));
    }

    // The kernel refuses a sysfs there.
    [Fact]
    public void In_the_hosts_network_with_users_of_its_own_it_gets_directories_of_the_hosts_sys_read_only_and_none_with_mounts_below()
    {
        using JsonDocument spec = JsonDocument.Parse(SlotSpecWriter.Write(InHostNetwork with { UserNamespace = "/proc/1/fd/9" }));

        Assert.Equal(
            [
                ("/sys", "tmpfs"), ("/sys/block", "bind"), ("/sys/bus", "bind"), ("/sys/class", "bind"), ("/sys/dev", "bind"), ("/sys/devices", "bind"),
                ("/sys/module", "bind"),
            ],
            Sys(spec.RootElement));
        foreach (JsonElement mount in spec.RootElement.GetProperty("mounts").EnumerateArray().Where(IsSys))
        {
            string[] options = [.. mount.GetProperty("options").EnumerateArray().Select(o => o.GetString()!)];
            Assert.Equal(["nodev", "noexec", "nosuid", "ro"], options.Intersect(["ro", "nosuid", "noexec", "nodev"]).Order(StringComparer.Ordinal));
            Assert.DoesNotContain("rbind", options);
        }
    }

    [Fact]
    public void A_limit_of_open_files_that_the_runtime_may_not_set_is_left_to_init()
    {
        JsonElement Process(bool byInit)
        {
            using JsonDocument spec = JsonDocument.Parse(SlotSpecWriter.Write(new SlotSpec
            {
                SkeletonDirectory = "/s", HostDirectory = "/h", CgroupsPath = "/c", Capabilities = [], UserNamespace = "/proc/1/fd/9", OpenFiles = 2000, OpenFilesByInit = byInit,
            }));
            return spec.RootElement.GetProperty("process").Clone();
        }

        Assert.Equal(["--open-files", "2000"], Process(true).GetProperty("args").EnumerateArray().Select(a => a.GetString()).TakeLast(2));
        Assert.False(Process(true).TryGetProperty("rlimits", out _));
        Assert.Equal(2000, Process(false).GetProperty("rlimits")[0].GetProperty("hard").GetInt32());
        Assert.Equal(3, Process(false).GetProperty("args").GetArrayLength());
    }

    [Theory]
    [InlineData(0x000001ffffffffff, true)]
    [InlineData(0x000001fffeffffff, false)]
    public void Whether_the_runtime_may_set_limits_there_follows_from_the_hosts_capabilities(ulong permitted, bool may) =>
        Assert.Equal(may, OpenFilesLimit.MayBeGivenBy(new ProcessPrivileges(permitted, permitted, false, 0)));

    [Fact]
    public void The_root_is_read_only_and_private()
    {
        JsonElement spec = Write();

        Assert.True(spec.GetProperty("root").GetProperty("readonly").GetBoolean());
        Assert.Equal("rprivate", spec.GetProperty("linux").GetProperty("rootfsPropagation").GetString());
        Assert.True(spec.GetProperty("process").GetProperty("noNewPrivileges").GetBoolean());
    }

    [Fact]
    public void Capabilities_are_the_sandboxs_and_inits_without_sys_admin()
    {
        string?[] bounding =
            [.. Write().GetProperty("process").GetProperty("capabilities").GetProperty("bounding").EnumerateArray().Select(c => c.GetString())];

        Assert.Contains("CAP_NET_RAW", bounding);
        Assert.Contains("CAP_SYS_CHROOT", bounding);
        Assert.DoesNotContain("CAP_SYS_ADMIN", bounding);
        Assert.DoesNotContain("CAP_SYS_PTRACE", bounding);
    }

    [Fact]
    public void Dangerous_families_are_not_among_the_allowed_calls()
    {
        HashSet<string?> allowed = [.. Write().GetProperty("linux").GetProperty("seccomp").GetProperty("syscalls").EnumerateArray()
            .Where(rule => !rule.TryGetProperty("args", out _))
            .SelectMany(rule => rule.GetProperty("names").EnumerateArray()).Select(name => name.GetString())];

        foreach (string name in new[]
        {
            "io_uring_setup", "io_uring_enter", "io_uring_register", "bpf", "userfaultfd", "keyctl", "add_key", "request_key", "mount",
            "umount2", "setns", "pivot_root", "move_mount", "open_tree", "fsopen", "perf_event_open", "init_module", "finit_module",
            "kexec_load", "reboot", "swapon", "open_by_handle_at", "pidfd_getfd", "socket", "personality",
        })
        {
            Assert.DoesNotContain(name, allowed);
        }

        Assert.Contains("unshare", allowed);
        Assert.Contains("clone3", allowed);
    }

    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(2, 255, true)]
    [InlineData(10, 6, true)]
    [InlineData(17, 0x300, true)]
    [InlineData(16, 0, true)] // NETLINK_ROUTE
    [InlineData(16, 4, true)] // NETLINK_SOCK_DIAG
    [InlineData(16, 9, true)] // NETLINK_AUDIT
    [InlineData(16, 15, true)] // NETLINK_KOBJECT_UEVENT
    [InlineData(16, 0xDEADBEEF_00000000, true)]
    [InlineData(16, 6, false)] // NETLINK_XFRM
    [InlineData(16, 12, false)] // NETLINK_NETFILTER
    [InlineData(16, 0x1_0000000C, false)]
    [InlineData(16, 16, false)] // NETLINK_GENERIC
    [InlineData(38, 0, false)] // AF_ALG
    [InlineData(0x1_00000026, 0, false)]
    [InlineData(40, 0, false)] // AF_VSOCK
    [InlineData(30, 0, false)] // AF_TIPC
    [InlineData(0, 0, false)]
    [InlineData(46, 0, false)]
    public void Sockets_are_of_named_families_and_protocols_by_the_32_bits_that_the_kernel_takes(ulong family, ulong protocol, bool passes) =>
        Assert.Equal(passes, Passes("socket", family, 1, protocol));

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(30, false)]
    [InlineData(0x1_0000001E, false)]
    public void Pairs_are_of_unix_sockets(ulong family, bool passes) => Assert.Equal(passes, Passes("socketpair", family, 1, 0));

    [Fact]
    public void Of_options_of_sockets_the_kernels_old_packet_filters_are_refused_and_nothing_else()
    {
        foreach (ulong above in (ulong[])[0, 0x1_00000000, 0xFFFFFFFF_00000000])
        {
            foreach (uint level in (uint[])[0, 1, 6, 17, 40, 41, 42, 58, 255, 263, 270, uint.MaxValue])
            {
                foreach (uint option in Enumerable.Range(0, 300).Select(i => (uint)i).Append(uint.MaxValue))
                {
                    bool filter = level is 0 or 41 && option < 256 && option / 32 is 2 or 3 or 4 && option % 32 < 4 && option is not (66 or 67);
                    Assert.NotEqual(filter, Passes("setsockopt", 3, above | level, above | option));
                    Assert.NotEqual(filter, Passes("getsockopt", 3, above | level, above | option));
                }
            }
        }
    }

    [Fact]
    public void Socketcall_which_hides_the_family_makes_none()
    {
        JsonElement socketcall = Rules().Single(rule => rule.GetProperty("names").EnumerateArray().Any(name => name.GetString() == "socketcall"));

        Assert.Equal(("SCMP_ACT_ERRNO", 38), (socketcall.GetProperty("action").GetString(), socketcall.GetProperty("errnoRet").GetInt32()));
        Assert.False(socketcall.TryGetProperty("args", out _));
    }

    [Fact]
    public void One_sandbox_has_a_part_of_the_hosts_terminals()
    {
        JsonElement terminals = Write().GetProperty("mounts").EnumerateArray().Single(m => m.GetProperty("type").GetString() == "devpts");

        Assert.Contains("max=256", terminals.GetProperty("options").EnumerateArray().Select(o => o.GetString()));
    }

    [Fact]
    public void Open_files_are_limited_to_what_was_asked_for_and_files_of_proc_are_read_only()
    {
        using JsonDocument spec = JsonDocument.Parse(SlotSpecWriter.Write(new SlotSpec
        {
            SkeletonDirectory = "/skeleton", HostDirectory = "/slots/one", CgroupsPath = "/sleigh/slot-1/init", Capabilities = [], OpenFiles = 512,
            Proc = [new Sleigh.Runtime.Proc.ProcBind("/slots/one/proc/meminfo", "/proc/meminfo")],
        }));
        JsonElement limit = spec.RootElement.GetProperty("process").GetProperty("rlimits")[0];
        JsonElement mount = spec.RootElement.GetProperty("mounts").EnumerateArray().Single(m => m.GetProperty("destination").GetString() == "/proc/meminfo");

        Assert.Equal((512, 512), (limit.GetProperty("hard").GetInt32(), limit.GetProperty("soft").GetInt32()));
        Assert.Contains("ro", mount.GetProperty("options").EnumerateArray().Select(o => o.GetString()));
    }

    [Fact]
    public void No_call_of_a_family_that_is_told_as_refused_is_allowed()
    {
        Assert.Empty(SeccompProfile.Denied.Values.SelectMany(calls => calls).Intersect(SeccompProfile.Allowed));
    }

    [Theory]
    [InlineData(0x401C5820, false)] // FS_IOC_FSSETXATTR
    [InlineData(0x40086602, false)] // FS_IOC_SETFLAGS
    [InlineData(0x40046602, false)] // FS_IOC32_SETFLAGS
    [InlineData(0xDEADBEEF_401C5820, false)]
    [InlineData(0x1_40086602, false)]
    [InlineData(0xFFFFFFFF_80046602, true)]
    [InlineData(0x801C581F, true)] // FS_IOC_FSGETXATTR
    [InlineData(0x80086601, true)] // FS_IOC_GETFLAGS
    [InlineData(0x5401, true)] // TCGETS
    [InlineData(0x5413, true)] // TIOCGWINSZ
    [InlineData(0x541B, true)] // FIONREAD
    [InlineData(0xFFFFFFFF_80045430, true)] // TIOCGPTN, as a C library may pass it
    [InlineData(0x40045431, true)] // TIOCSPTLCK
    [InlineData(0x40086603, true)]
    [InlineData(0x40086606, true)]
    [InlineData(0x40045821, true)]
    [InlineData(0, true)]
    public void Of_ioctls_those_that_change_a_files_project_or_flags_are_refused(ulong command, bool passes)
    {
        (ulong Mask, ulong Value)[] rules = [.. Write().GetProperty("linux").GetProperty("seccomp").GetProperty("syscalls").EnumerateArray()
            .Where(rule => rule.GetProperty("names").EnumerateArray().Any(name => name.GetString() == "ioctl"))
            .Select(rule => Assert.Single(rule.GetProperty("args").EnumerateArray()))
            .Select(arg =>
            {
                Assert.Equal((1, "SCMP_CMP_MASKED_EQ"), (arg.GetProperty("index").GetInt32(), arg.GetProperty("op").GetString()));
                return (arg.GetProperty("value").GetUInt64(), arg.GetProperty("valueTwo").GetUInt64());
            })];

        Assert.Equal(passes, rules.Any(rule => (command & rule.Mask) == rule.Value));
    }

    [Fact]
    public void No_other_ioctl_is_refused()
    {
        (uint Mask, uint Value)[] rules = [.. SeccompProfile.AllowedIoctls()];
        Random random = new(7);
        for (int i = 0; i < 100_000; i++)
        {
            uint command = unchecked((uint)random.NextInt64());
            bool denied = (command & 0xC000FFFF) is 0x40005820 or 0x40006602;
            Assert.NotEqual(denied, rules.Any(rule => (command & rule.Mask) == rule.Value));
        }

        Assert.InRange(rules.Length, 1, 36);
    }

    [Fact]
    public void Limits_stand_in_the_spec_only_where_the_runtime_must_set_them()
    {
        Assert.False(Write().GetProperty("linux").GetProperty("resources").TryGetProperty("memory", out _));

        JsonElement resources = Write(new SlotLimits(256, 1.5, 100)).GetProperty("linux").GetProperty("resources");
        Assert.Equal(256L << 20, resources.GetProperty("memory").GetProperty("limit").GetInt64());
        Assert.Equal(101, resources.GetProperty("pids").GetProperty("limit").GetInt32());
        Assert.Equal(150_000, resources.GetProperty("cpu").GetProperty("quota").GetInt64());
    }

    private static JsonElement[] Rules() => [.. Write().GetProperty("linux").GetProperty("seccomp").GetProperty("syscalls").EnumerateArray()];

    private static readonly Dictionary<string, (int Argument, ulong Mask, ulong Value)[][]> Masked = Rules()
        .Where(rule => rule.TryGetProperty("args", out JsonElement args) && args[0].GetProperty("op").GetString() == "SCMP_CMP_MASKED_EQ")
        .GroupBy(rule => rule.GetProperty("names")[0].GetString()!)
        .ToDictionary(calls => calls.Key, calls => calls.Select(rule => rule.GetProperty("args").EnumerateArray()
            .Select(arg => (arg.GetProperty("index").GetInt32(), arg.GetProperty("value").GetUInt64(), arg.GetProperty("valueTwo").GetUInt64())).ToArray()).ToArray());

    private static bool Passes(string call, params ulong[] arguments) =>
        Masked[call].Any(rule => rule.All(condition => (arguments[condition.Argument] & condition.Mask) == condition.Value));

    [Fact]
    public void There_is_no_cgroup_namespace_since_commands_are_born_beside_pid_1()
    {
        Assert.DoesNotContain(
            Write().GetProperty("linux").GetProperty("namespaces").EnumerateArray(), n => n.GetProperty("type").GetString() == "cgroup");
    }
}
