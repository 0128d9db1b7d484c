/*
 * Calls each system call of the families that the filter refuses, with arguments that some of them would take without a
 * filter. Prints "family call errno", errno 0 where the call was carried out, and "end".
 * Sockets are tried by each way to the kernel: its number, with bits that the kernel does not look at, as 32-bit programs do, and by socketcall.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of long lists only the last one is told, and what was not refused. */
static int is_brief;

static void tell(const char *family, const char *call, long result)
{
    if (is_brief && result < 0 && (errno == EPERM || errno == ENOSYS))
        return;
    printf("%s %s %d\n", family, call, result < 0 ? errno : 0);
    fflush(stdout);
}

#define TRY(family, call, number, ...) tell(family, call, syscall(number, __VA_ARGS__))

#ifdef __x86_64__
static sigjmp_buf no_32_bit;

static void leave(int number)
{
    (void)number;
    siglongjmp(no_32_bit, 1);
}

/* A call as a 32-bit program makes it; ENOSYS where the kernel has none of that kind. */
static long call_32(long number, long first, long second, long third)
{
    long result = -ENOSYS;
    signal(SIGSEGV, leave);
    if (!sigsetjmp(no_32_bit, 1))
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(first), "c"(second), "d"(third) : "memory", "r8", "r9", "r10", "r11");
    signal(SIGSEGV, SIG_DFL);
    errno = (int)-result;
    return result < 0 ? -1 : result;
}
#endif

static void sockets(const char *name, int family, int type)
{
    TRY(name, "socket", SYS_socket, family, type, 0);
    TRY(name, "socket_above", SYS_socket, 0x100000000UL | (unsigned)family, type, 0);
#ifdef __x86_64__
    int32_t *arguments = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    arguments[0] = family;
    arguments[1] = type;
    tell(name, "socket_x32", syscall(0x40000000 | SYS_socket, family, type, 0));
    tell(name, "socket_32", call_32(359, family, type, 0));
    tell(name, "socketcall", call_32(102, 1, (long)arguments, 0));
#endif
}

/* In a network namespace of the caller's own the kernel would let it set these; the right family first, as a filter may not look at more. */
static void filters(void)
{
    static const int protocols[] = {1, 2, 3, 5, 6, 8, 10, 11, 12, 14, 16, 18, 19, 20, 21, 22};
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        is_brief = i + 1 < sizeof protocols / sizeof *protocols;
        TRY("netfilter", "socket", SYS_socket, 16, SOCK_RAW, protocols[i]);
        TRY("netfilter", "socket_above", SYS_socket, 16, SOCK_RAW, 0x100000000UL | (unsigned)protocols[i]);
    }
    static const int options[] = {64, 65, 96, 97, 128, 129};
    char table[512];
    socklen_t length = sizeof table;
    memset(table, 0, sizeof table);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        is_brief = i + 1 < sizeof options / sizeof *options;
        TRY("netfilter", "setsockopt", SYS_setsockopt, socket(AF_INET, SOCK_RAW, 255), 0, options[i], table, sizeof table);
        TRY("netfilter", "setsockopt", SYS_setsockopt, socket(AF_INET6, SOCK_RAW, 255), 41, options[i], table, sizeof table);
        TRY("netfilter", "getsockopt", SYS_getsockopt, socket(AF_INET, SOCK_RAW, 255), 0, options[i], table, &length);
        TRY("netfilter", "setsockopt_above", SYS_setsockopt, socket(AF_INET, SOCK_RAW, 255), 0x100000000UL, 0x100000000UL | (unsigned)options[i], table, sizeof table);
    }
}

int main(void)
{
    static uint64_t zero[64];
    static char name[] = "sleigh";

    /* What follows does harm where nothing refuses it. */
    if (prctl(PR_GET_SECCOMP) != 2) {
        fprintf(stderr, "there is no filter here\n");
        return 1;
    }

    /* Allowed to everybody by a kernel without a filter. */
    memset(zero, 0, sizeof zero);
    TRY("io_uring", "io_uring_setup", 425, 4, zero);
    memset(zero, 0, sizeof zero);
    TRY("io_uring", "io_uring_enter", 426, -1, 0, 0, 0, 0, 0);
    TRY("io_uring", "io_uring_register", 427, -1, 0, 0, 0);
    TRY("userfaultfd", "userfaultfd", SYS_userfaultfd, O_CLOEXEC | 1);
    TRY("keys", "keyctl", SYS_keyctl, 0, -3, 1);
    TRY("keys", "add_key", SYS_add_key, "user", name, "x", 1, -3);
    TRY("keys", "request_key", SYS_request_key, "user", name, 0, 0);
    sockets("vsock", 40, SOCK_STREAM);
    sockets("af_alg", 38, SOCK_SEQPACKET);
    static const int families[] = {0, 3, 4, 5, 9, 11, 15, 21, 26, 27, 29, 30, 31, 35, 36, 37, 39, 41, 42, 43, 44, 45, 46};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        is_brief = i + 1 < sizeof families / sizeof *families;
        sockets("socket_families", families[i], i % 2 ? SOCK_DGRAM : SOCK_RAW);
    }
    TRY("socket_families", "socketpair", SYS_socketpair, 30, SOCK_SEQPACKET, 0, zero);
    TRY("socket_families", "socketpair_above", SYS_socketpair, 0x10000001eUL, SOCK_SEQPACKET, 0, zero);
    filters();
    TRY("setns", "setns", SYS_setns, open("/proc/self/ns/uts", O_RDONLY), CLONE_NEWUTS);
    TRY("foreign_descriptors", "pidfd_getfd", 438, syscall(434, getpid(), 0), 1, 0);

    /* In the order of the families' names. */
    TRY("accounting", "acct", SYS_acct, 0);
    TRY("accounting", "quotactl", SYS_quotactl, 0x800001, 0, 0, 0);
    TRY("accounting", "quotactl_fd", 443, 0, 0x800001, 0, 0);
    TRY("bpf", "bpf", SYS_bpf, 0, zero, sizeof zero);
    TRY("clock", "settimeofday", SYS_settimeofday, 0, 0);
    TRY("clock", "clock_settime", SYS_clock_settime, 0, zero);
    TRY("fanotify", "fanotify_init", SYS_fanotify_init, 0x200, 0);
    TRY("fanotify", "fanotify_mark", SYS_fanotify_mark, -1, 1, 1, AT_FDCWD, "/");
    TRY("file_handles", "open_by_handle_at", SYS_open_by_handle_at, AT_FDCWD, zero, O_RDONLY);
    TRY("host_name", "sethostname", SYS_sethostname, name, 6);
    TRY("host_name", "setdomainname", SYS_setdomainname, name, 6);
    TRY("kernel_log", "syslog", SYS_syslog, 3, zero, sizeof zero);
    TRY("kexec", "kexec_load", SYS_kexec_load, 0, 0, 0, 0);
#ifdef SYS_kexec_file_load
    TRY("kexec", "kexec_file_load", SYS_kexec_file_load, -1, -1, 1, "", 0);
#endif
    TRY("modules", "init_module", SYS_init_module, zero, sizeof zero, "");
    TRY("modules", "finit_module", SYS_finit_module, 0, "", 0);
    TRY("modules", "delete_module", SYS_delete_module, name, O_NONBLOCK);
    TRY("mounts", "mount", SYS_mount, "none", "/tmp", "tmpfs", 0, 0);
    TRY("mounts", "umount2", SYS_umount2, "/proc", 2);
    TRY("mounts", "pivot_root", SYS_pivot_root, ".", ".");
    TRY("mounts", "open_tree", 428, AT_FDCWD, "/", 0);
    TRY("mounts", "move_mount", 429, AT_FDCWD, "/etc", AT_FDCWD, "/tmp", 0);
    TRY("mounts", "fsopen", 430, "tmpfs", 0);
    TRY("mounts", "fsconfig", 431, -1, 0, 0, 0, 0);
    TRY("mounts", "fsmount", 432, -1, 0, 0);
    TRY("mounts", "fspick", 433, AT_FDCWD, "/", 0);
    TRY("mounts", "mount_setattr", 442, AT_FDCWD, "/", 0, zero, 32);
    TRY("mounts", "statmount", 457, zero, zero, sizeof zero, 0);
    TRY("mounts", "listmount", 458, zero, zero, 1, 0);
    TRY("perf_events", "perf_event_open", SYS_perf_event_open, zero, 0, -1, -1, 0);
#ifdef SYS_iopl
    TRY("ports", "iopl", SYS_iopl, 3);
    TRY("ports", "ioperm", SYS_ioperm, 0x80, 1, 1);
#else
    /* There are no ports of this kind; the family has nothing to refuse. */
    printf("ports iopl %d\n", EPERM);
#endif
    /* FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS in both sizes; the kernel looks at 32 bits of a command. */
    TRY("projects", "ioctl", SYS_ioctl, 0, 0x401C5820UL, zero);
    TRY("projects", "ioctl", SYS_ioctl, 0, 0x40086602UL, zero);
    TRY("projects", "ioctl", SYS_ioctl, 0, 0x40046602UL, zero);
    TRY("projects", "ioctl", SYS_ioctl, 0, 0xDEADBEEF401C5820UL, zero);
    TRY("projects", "ioctl", SYS_ioctl, 0, 0xDEADBEEF40086602UL, zero);
    TRY("projects", "file_setattr", 469, AT_FDCWD, "/", zero, 24, 0);
    TRY("reboot", "reboot", SYS_reboot, 0xfee1dead, 672274793, 0, 0);
    TRY("swap", "swapon", SYS_swapon, "/x", 0);
    TRY("swap", "swapoff", SYS_swapoff, "/x");
    printf("end\n");
    return 0;
}
