using System.Text.Json;

namespace Sleigh.Runtime.Slots;

/// <summary>
/// The system calls a slot may make: an allow list of what containerd's default profile allows to a container without
/// CAP_SYS_ADMIN, with these differences. User namespaces may be made (clone and unshare are not filtered by flag; mount, setns
/// and pivot_root stay refused, so little can be done in one). clone3 is allowed, because sleigh-init uses it; each command
/// adds a filter of its own that answers it with ENOSYS. io_uring, bpf, userfaultfd, perf events and kernel keys are refused. So are the two
/// ioctls, and the call, that change a file's project or its inheritance: the disk limits of XFS and ext4 are limits of projects. A filter cannot see
/// which flag is being changed, so all that <c>chattr</c> does is refused.
/// <para>Sockets may be made of the families that programs talk through: unix, IPv4, IPv6, packet and, of netlink, what tells of addresses, sockets, devices and
/// the audit system. To ask for another one makes the kernel load its module (net/socket.c), for whoever asks; vsock leads to the host of a virtual machine, and through the
/// kernel's ciphers holes were written (CVE-2026-31431). Who makes a user and a network namespace is its administrator: so nf_tables, xfrm and the like are refused as
/// protocols of netlink, and the tables before them as options of sockets (level IP or IPv6: 64, 96, 128 and those behind them in linux/netfilter*, but for 66 and 67, which are IPV6_RECVTCLASS and IPV6_TCLASS too). socketcall, by which 32-bit programs
/// may ask for a socket too, hides the family behind a pointer that a filter cannot follow: it is answered with ENOSYS.</para>
/// </summary>
internal static class SeccompProfile
{
    private const int Eperm = 1;
    private const int Enosys = 38;
    private const uint NetlinkFamily = 16;

    /// <summary>
    /// What is refused, by families that callers are told and tests try one by one. Whatever else is not in the allow list is refused too.
    /// </summary>
    public static IReadOnlyDictionary<string, string[]> Denied { get; } = new Dictionary<string, string[]>
    {
        ["accounting"] = ["acct", "quotactl", "quotactl_fd"],

        // The kernel's ciphers; see socket_families.
        ["af_alg"] = ["socket"],
        ["bpf"] = ["bpf"],
        ["clock"] = ["settimeofday", "clock_settime", "stime"],
        ["fanotify"] = ["fanotify_init", "fanotify_mark"],
        ["file_handles"] = ["open_by_handle_at"],
        ["foreign_descriptors"] = ["pidfd_getfd"],
        ["host_name"] = ["sethostname", "setdomainname"],
        ["io_uring"] = ["io_uring_setup", "io_uring_enter", "io_uring_register"],
        ["kernel_log"] = ["syslog"],
        ["kexec"] = ["kexec_load", "kexec_file_load"],
        ["keys"] = ["add_key", "request_key", "keyctl"],
        ["modules"] = ["init_module", "finit_module", "delete_module", "create_module"],
        ["mounts"] =
        [
            "mount", "umount", "umount2", "pivot_root", "fsopen", "fsconfig", "fsmount", "fspick", "open_tree", "open_tree_attr", "move_mount",
            "mount_setattr", "statmount", "listmount",
        ],
        // Other protocols and options are allowed.
        ["netfilter"] = ["socket", "setsockopt", "getsockopt"],
        ["perf_events"] = ["perf_event_open"],
        ["ports"] = ["iopl", "ioperm"],

        // Other ioctls are allowed.
        ["projects"] = ["ioctl", "file_setattr"],
        ["reboot"] = ["reboot"],
        ["setns"] = ["setns"],

        // All but five.
        ["socket_families"] = ["socket", "socketpair"],
        ["swap"] = ["swapon", "swapoff"],
        ["userfaultfd"] = ["userfaultfd"],
        ["vsock"] = ["socket"],
    };

    /// <summary>The allow list.</summary>
    internal static readonly string[] Allowed =
    [
        // Files and directories.
        "access", "chdir", "chmod", "chown", "chown32", "chroot", "close", "close_range", "copy_file_range", "creat", "dup", "dup2",
        "dup3", "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate", "fchdir", "fchmod", "fchmodat", "fchmodat2",
        "fchown", "fchown32", "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fremovexattr",
        "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "futimesat",
        "getcwd", "getdents", "getdents64", "getxattr", "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1",
        "inotify_rm_watch", "lchown", "lchown32", "lgetxattr", "link", "linkat", "listxattr", "listxattrat", "llistxattr",
        "_llseek", "lremovexattr", "lseek", "lsetxattr", "lstat", "lstat64", "mkdir", "mkdirat", "mknod", "mknodat", "name_to_handle_at",
        "newfstatat", "_newselect", "open", "openat", "openat2", "pipe", "pipe2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev",
        "pwritev2", "read", "readahead", "readlink", "readlinkat", "readv", "removexattr", "removexattrat", "rename", "renameat",
        "renameat2", "rmdir", "sendfile", "sendfile64", "setxattr", "setxattrat", "splice", "stat", "stat64", "statfs", "statfs64",
        "statx", "symlink", "symlinkat", "sync", "sync_file_range", "syncfs", "tee", "truncate", "truncate64", "umask", "unlink",
        "unlinkat", "utime", "utimensat", "utimensat_time64", "utimes", "vmsplice", "write", "writev",

        // Memory.
        "brk", "cachestat", "get_mempolicy", "madvise", "map_shadow_stack", "mbind", "membarrier", "memfd_create", "memfd_secret",
        "migrate_pages", "mincore", "mlock", "mlock2", "mlockall", "mmap", "mmap2", "move_pages", "mprotect", "mremap", "mseal",
        "msync", "munlock", "munlockall", "munmap", "pkey_alloc", "pkey_free", "pkey_mprotect", "process_madvise", "process_mrelease",
        "remap_file_pages", "set_mempolicy", "set_mempolicy_home_node",

        // Processes, users, capabilities, signals.
        "alarm", "arch_prctl", "capget", "capset", "clone", "clone3", "execve", "execveat", "exit", "exit_group", "fork", "get_robust_list",
        "get_thread_area", "getcpu", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getgroups", "getgroups32",
        "getitimer", "getpgid", "getpgrp", "getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresgid32", "getresuid",
        "getresuid32", "getrlimit", "getrusage", "getsid", "gettid", "getuid", "getuid32", "ioprio_get", "ioprio_set", "kcmp", "kill",
        "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "modify_ldt", "pause", "pidfd_open",
        "pidfd_send_signal", "prctl", "prlimit64", "process_vm_readv", "process_vm_writev", "ptrace", "restart_syscall", "rseq",
        "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
        "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
        "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
        "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler", "sched_yield", "seccomp", "set_robust_list",
        "set_thread_area", "set_tid_address", "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups",
        "setgroups32", "setitimer", "setpgid", "setpriority", "setregid", "setregid32", "setresgid", "setresgid32", "setresuid",
        "setresuid32", "setreuid", "setreuid32", "setrlimit", "setsid", "setuid", "setuid32", "sigaltstack", "signalfd", "signalfd4",
        "sigprocmask", "sigreturn", "tgkill", "tkill", "ugetrlimit", "uname", "unshare", "vfork", "wait4", "waitid", "waitpid",

        // Time, waiting, shared objects.
        "adjtimex", "clock_adjtime", "clock_getres", "clock_getres_time64", "clock_gettime", "clock_gettime64", "clock_nanosleep",
        "clock_nanosleep_time64", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
        "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "futex", "futex_requeue", "futex_time64", "futex_wait", "futex_waitv",
        "futex_wake", "gettimeofday", "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_pgetevents_time64", "io_setup",
        "io_submit", "ipc", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedreceive_time64", "mq_timedsend",
        "mq_timedsend_time64", "mq_unlink", "msgctl", "msgget", "msgrcv", "msgsnd", "nanosleep", "poll", "ppoll", "ppoll_time64",
        "pselect6", "pselect6_time64", "select", "semctl", "semget", "semop", "semtimedop", "semtimedop_time64", "shmat", "shmctl",
        "shmdt", "shmget", "sysinfo", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_gettime64",
        "timer_settime", "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_gettime64", "timerfd_settime",
        "timerfd_settime64", "times",

        // Sockets; families and options are checked on their own.
        "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "listen", "recv", "recvfrom", "recvmmsg",
        "recvmmsg_time64", "recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "shutdown",
    ];

    // personality(2): Linux, Linux 32-bit, both with UNAME26 or without address randomisation, and the query.
    private static readonly uint[] Personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff];

    // AF_UNIX, AF_INET, AF_INET6, AF_PACKET; netlink goes by its protocol.
    private static readonly uint[] SocketFamilies = [1, 2, 10, 17];

    // NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_AUDIT (useradd and sudo end where it is refused), NETLINK_KOBJECT_UEVENT.
    private static readonly uint[] NetlinkProtocols = [0, 4, 9, 15];

    // IPPROTO_IP and IPPROTO_IPV6 as levels of setsockopt and getsockopt, and what the kernel's older packet filters take there: ip(6)_tables, arp_tables, ebtables.
    private static readonly uint[] FilterLevels = [0, 41];
    private static readonly uint[] FilterOptions = [64, 65, 96, 97, 98, 99, 128, 129, 130, 131];

    // FS_IOC_FSSETXATTR, and FS_IOC_SETFLAGS in both of its sizes: who writes (bits 30 and 31), letter and number, whatever the size.
    private const uint IoctlKey = 0xC000FFFF;
    private static readonly uint[] DeniedIoctls = [0x40005820, 0x40006602];

    /// <summary>Writes the profile as the <c>linux.seccomp</c> object of an OCI runtime spec.</summary>
    public static void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("defaultAction", "SCMP_ACT_ERRNO");
        json.WriteNumber("defaultErrnoRet", Eperm);
        json.WriteStartArray("architectures");
        foreach (string architecture in OciPlatform.SeccompArchitectures)
        {
            json.WriteStringValue(architecture);
        }

        json.WriteEndArray();
        json.WriteStartArray("syscalls");
        WriteRule(json, Allowed, null);
        foreach (uint personality in Personalities)
        {
            WriteRule(json, ["personality"], ("SCMP_CMP_EQ", personality));
        }

        // The kernel takes 32 bits of an argument of which a filter compares 64: a rule for "not equal" lets a family through that has a bit set above them.
        foreach (uint family in SocketFamilies)
        {
            WriteMaskedRule(json, "socket", (0, uint.MaxValue, family));
        }

        foreach (uint protocol in NetlinkProtocols)
        {
            WriteMaskedRule(json, "socket", (0, uint.MaxValue, NetlinkFamily), (2, uint.MaxValue, protocol));
        }

        // Others have no pairs, or, as tipc, are not allowed at all.
        WriteMaskedRule(json, "socketpair", (0, uint.MaxValue, SocketFamilies[0]));
        foreach (string call in (ReadOnlySpan<string>)["setsockopt", "getsockopt"])
        {
            foreach ((uint mask, uint value) in AllButFilterLevels())
            {
                WriteMaskedRule(json, call, (1, mask, value));
            }

            foreach ((uint mask, uint value) in AllButFilterOptions())
            {
                WriteMaskedRule(json, call, (2, mask, value));
            }
        }

        // libseccomp adds to each rule for a socket one that allows socketcall to make any; a rule without conditions takes their place. runc leaves out
        // those that say what happens anyway, so it is another error than elsewhere.
        json.WriteStartObject();
        json.WriteStartArray("names");
        json.WriteStringValue("socketcall");
        json.WriteEndArray();
        json.WriteString("action", "SCMP_ACT_ERRNO");
        json.WriteNumber("errnoRet", Enosys);
        json.WriteEndObject();
        foreach ((uint mask, uint value) in AllowedIoctls())
        {
            WriteMaskedRule(json, "ioctl", (1, mask, value));
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>
    /// What the denied commands leave, as masks and values under them: for each bit the numbers that differ from every denied one from there on. Masks,
    /// because the kernel takes 32 bits of an argument of which a filter compares 64, and a rule for "not equal" lets the command through with a bit
    /// set above them. The bits of the direction come first: most commands of terminals and sockets have none.
    /// </summary>
    internal static IEnumerable<(uint Mask, uint Value)> AllowedIoctls() => Complement(DeniedIoctls, IoctlKey, 0, 31);

    /// <summary>The levels of setsockopt at which every option is allowed, likewise.</summary>
    internal static IEnumerable<(uint Mask, uint Value)> AllButFilterLevels() => Complement(FilterLevels, uint.MaxValue, 0, 31);

    /// <summary>The options that are allowed at every level, likewise.</summary>
    internal static IEnumerable<(uint Mask, uint Value)> AllButFilterOptions() => Complement(FilterOptions, uint.MaxValue, 0, 31);

    private static IEnumerable<(uint Mask, uint Value)> Complement(uint[] denied, uint key, uint mask, int bit)
    {
        while (bit >= 0 && (key >> bit & 1) == 0)
        {
            bit--;
        }

        if (bit < 0)
        {
            yield break;
        }

        uint here = 1u << bit;
        foreach (uint side in (uint[])[here, 0])
        {
            uint[] left = [.. denied.Where(command => (command & here) == side)];
            if (left.Length == 0)
            {
                yield return (mask | here, (denied[0] & mask) | side);
                continue;
            }

            foreach ((uint, uint) rule in Complement(left, key, mask | here, bit - 1))
            {
                yield return rule;
            }
        }
    }

    private static void WriteMaskedRule(Utf8JsonWriter json, string name, params ReadOnlySpan<(int Argument, uint Mask, uint Value)> conditions)
    {
        json.WriteStartObject();
        json.WriteStartArray("names");
        json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteString("action", "SCMP_ACT_ALLOW");
        json.WriteStartArray("args");
        foreach ((int argument, uint mask, uint value) in conditions)
        {
            json.WriteStartObject();
            json.WriteNumber("index", argument);
            json.WriteNumber("value", mask);
            json.WriteNumber("valueTwo", value);
            json.WriteString("op", "SCMP_CMP_MASKED_EQ");
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteRule(Utf8JsonWriter json, string[] names, (string Op, uint Value)? firstArgument)
    {
        json.WriteStartObject();
        json.WriteStartArray("names");
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
        json.WriteString("action", "SCMP_ACT_ALLOW");
        if (firstArgument is var (op, value))
        {
            json.WriteStartArray("args");
            json.WriteStartObject();
            json.WriteNumber("index", 0);
            json.WriteNumber("value", value);
            json.WriteString("op", op);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
