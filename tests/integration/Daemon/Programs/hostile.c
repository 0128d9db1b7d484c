/*
 * Tries to harm PID 1, to leave the root and to reach what the sandbox must not have. Prints one line per attempt:
 * its name and "done" or the errno's number. Every "done" is a hole.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *name, long result)
{
    if (result >= 0)
        printf("%s done\n", name);
    else
        printf("%s %d\n", name, errno);
    fflush(stdout);
}

static long can_read(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    long got = read(fd, &byte, 1);
    if (got == 0) {
        errno = ENODATA;
        got = -1;
    }
    close(fd);
    return got;
}

static long can_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0)
        return -1;
    long put = write(fd, text, strlen(text));
    int problem = errno;
    close(fd);
    errno = problem;
    return put;
}

static long can_link(const char *path)
{
    char target[256];
    return readlink(path, target, sizeof target);
}

static void pid_1(void)
{
    tell("ptrace attach", ptrace(PTRACE_ATTACH, 1, 0, 0));
    tell("ptrace seize", ptrace(PTRACE_SEIZE, 1, 0, 0));

    char buffer[16];
    struct iovec mine = {buffer, sizeof buffer}, its = {(void *)0x400000, sizeof buffer};
    tell("process_vm_readv", process_vm_readv(1, &mine, 1, &its, 1, 0));
    tell("process_vm_writev", process_vm_writev(1, &mine, 1, &its, 1, 0));

    struct rlimit low = {16, 16};
    tell("prlimit nofile", prlimit(1, RLIMIT_NOFILE, &low, NULL));
    tell("prlimit cpu", prlimit(1, RLIMIT_CPU, &low, NULL));
    tell("setpriority", setpriority(PRIO_PROCESS, 1, 19));
    tell("sched_setaffinity", syscall(SYS_sched_setaffinity, 1, sizeof buffer, buffer));

    long pidfd = syscall(434 /* pidfd_open */, 1, 0);
    if (pidfd >= 0) {
        tell("pidfd_getfd", syscall(438 /* pidfd_getfd */, pidfd, 0, 0));
        tell("setns pidfd mnt", setns((int)pidfd, CLONE_NEWNS));
        tell("setns pidfd net", setns((int)pidfd, CLONE_NEWNET));
    }

    static const char *const readable[] = {"mem", "environ", "maps", "stack", "syscall", "auxv", "root/etc", "cwd/etc", "fd/0", "io"};
    for (size_t i = 0; i < sizeof readable / sizeof *readable; i++) {
        char path[64], name[64];
        snprintf(path, sizeof path, "/proc/1/%s", readable[i]);
        snprintf(name, sizeof name, "read /proc/1/%s", readable[i]);
        tell(name, can_read(path));
    }
    static const char *const links[] = {"root", "cwd", "exe", "fd/0", "fd/3", "ns/mnt", "ns/net", "ns/pid"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        char path[64], name[64];
        snprintf(path, sizeof path, "/proc/1/%s", links[i]);
        snprintf(name, sizeof name, "link /proc/1/%s", links[i]);
        tell(name, can_link(path));
    }
    static const char *const written[] = {"oom_score_adj", "mem", "comm", "timerslack_ns", "coredump_filter", "clear_refs", "uid_map", "setgroups", "sched"};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        char path[64], name[64];
        snprintf(path, sizeof path, "/proc/1/%s", written[i]);
        snprintf(name, sizeof name, "write /proc/1/%s", written[i]);
        tell(name, can_write(path, "1000"));
    }
    int fd = open("/proc/1/ns/mnt", O_RDONLY);
    tell("open /proc/1/ns/mnt", fd);
    tell("setns self", setns(open("/proc/self/ns/mnt", O_RDONLY), CLONE_NEWNS));

    static const char *const sockets[] = {"/run/sleigh/init.sock", "/../run/sleigh/init.sock", "/proc/1/root/run/sleigh/init.sock"};
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char name[96];
        strcpy(address.sun_path, sockets[i]);
        snprintf(name, sizeof name, "connect %s", sockets[i]);
        tell(name, connect(socket(AF_UNIX, SOCK_SEQPACKET, 0), (struct sockaddr *)&address, sizeof address));
    }
}

static void root(void)
{
    tell("mount tmpfs", mount("none", "/mnt", "tmpfs", 0, NULL));
    tell("mount proc", mount("none", "/mnt", "proc", 0, NULL));
    tell("mount bind", mount("/", "/mnt", NULL, MS_BIND, NULL));
    tell("mount remount", mount("none", "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
    tell("umount root", umount2("/", MNT_DETACH));
    tell("umount /proc/sys", umount2("/proc/sys", MNT_DETACH));
    tell("umount /etc/hosts", umount2("/etc/hosts", MNT_DETACH));
    tell("pivot_root", syscall(SYS_pivot_root, ".", "."));
    tell("fsopen", syscall(430, "tmpfs", 0));
    tell("open_tree clone", syscall(428, AT_FDCWD, "/", 1));
    tell("move_mount", syscall(429, AT_FDCWD, "/etc", AT_FDCWD, "/mnt", 0));
    tell("mount_setattr", syscall(442, AT_FDCWD, "/proc/sys", 0, "", 0));
    tell("unshare mnt", unshare(CLONE_NEWNS));
    tell("unshare pid", unshare(CLONE_NEWPID));
    tell("unshare net", unshare(CLONE_NEWNET));

    struct {
        unsigned bytes;
        int type;
        unsigned char handle[128];
    } handle = {8, 1, {2}};
    int here = open("/", O_RDONLY | O_DIRECTORY);
    tell("open_by_handle_at", syscall(SYS_open_by_handle_at, here, &handle, O_RDONLY));

    /* The classic way out. Where it ends is what counts: the root must still be the sandbox's own. */
    struct stat before, after;
    stat("/", &before);
    mkdir("/tmp/jail", 0755);
    pid_t child = fork();
    if (child == 0) {
        int out = open("/", O_RDONLY | O_DIRECTORY);
        if (chroot("/tmp/jail") == 0) {
            fchdir(out);
            for (int i = 0; i < 64; i++)
                chdir("..");
            chroot(".");
        }
        stat("/", &after);
        _exit(before.st_dev == after.st_dev && before.st_ino == after.st_ino && access("/sleigh-init", F_OK) != 0 ? 1 : 0);
    }
    int status;
    waitpid(child, &status, 0);
    errno = EPERM;
    tell("chroot escape", WEXITSTATUS(status) == 1 ? -1 : 0);
    rmdir("/tmp/jail");
}

static void devices(void)
{
    static const struct { const char *name; unsigned major, minor; mode_t kind; } nodes[] = {
        {"mem", 1, 1, S_IFCHR}, {"kmsg", 1, 11, S_IFCHR}, {"loop0", 7, 0, S_IFBLK}, {"sda", 8, 0, S_IFBLK}, {"vda", 254, 0, S_IFBLK},
        {"nvme", 259, 0, S_IFBLK}, {"loop-control", 10, 237, S_IFCHR}, {"kvm", 10, 232, S_IFCHR}, {"fuse", 10, 229, S_IFCHR},
    };
    for (size_t i = 0; i < sizeof nodes / sizeof *nodes; i++) {
        char path[64], name[64];
        static const char *const places[] = {"/tmp", "/dev", "/dev/shm"};
        for (size_t p = 0; p < 3; p++) {
            snprintf(path, sizeof path, "%s/node-%s", places[p], nodes[i].name);
            snprintf(name, sizeof name, "open device %s in %s", nodes[i].name, places[p]);
            if (mknod(path, nodes[i].kind | 0600, makedev(nodes[i].major, nodes[i].minor)) == 0) {
                tell(name, open(path, O_RDONLY | O_NONBLOCK));
                unlink(path);
            } else {
                tell(name, -1);
            }
        }
    }
}

static void kernel(void)
{
    char zero[256] = {0};
    tell("bpf", syscall(SYS_bpf, 0, zero, sizeof zero));
    tell("io_uring_setup", syscall(425, 4, zero));
    tell("userfaultfd", syscall(SYS_userfaultfd, 1));
    tell("keyctl", syscall(SYS_keyctl, 0, -3, 1));
    tell("add_key", syscall(SYS_add_key, "user", "sleigh", "x", 1, -3));
    tell("request_key", syscall(SYS_request_key, "user", "sleigh", "x", -3));
    tell("perf_event_open", syscall(SYS_perf_event_open, zero, 0, -1, -1, 0));
    tell("init_module", syscall(SYS_init_module, zero, sizeof zero, ""));
    tell("kexec_load", syscall(SYS_kexec_load, 0, 0, 0, 0));
    tell("reboot", syscall(SYS_reboot, 0xfee1dead, 672274793, 0, 0));
    tell("swapon", syscall(SYS_swapon, "/x", 0));
    tell("syslog", syscall(SYS_syslog, 3, zero, sizeof zero));
    tell("acct", syscall(SYS_acct, "/x"));
    tell("settimeofday", syscall(SYS_settimeofday, zero, NULL));
    tell("iopl", syscall(SYS_iopl, 3));
    tell("quotactl", syscall(SYS_quotactl, 0, "/x", 0, zero));
    tell("sethostname", sethostname("evil", 4));
    tell("write /proc/sys/kernel/hostname", can_write("/proc/sys/kernel/hostname", "evil"));
    tell("write /proc/sys/kernel/core_pattern", can_write("/proc/sys/kernel/core_pattern", "|/x"));
    tell("write /proc/sys/vm/drop_caches", can_write("/proc/sys/vm/drop_caches", "1"));
    tell("write /proc/sys/net/ipv4/ip_forward", can_write("/proc/sys/net/ipv4/ip_forward", "1"));
    tell("write /proc/sysrq-trigger", can_write("/proc/sysrq-trigger", "h"));
    tell("write /sys/kernel/mm/transparent_hugepage/enabled", can_write("/sys/kernel/mm/transparent_hugepage/enabled", "always"));
    tell("write /sys/fs/cgroup/cgroup.procs", can_write("/sys/fs/cgroup/cgroup.procs", "0"));
    tell("read /proc/kcore", can_read("/proc/kcore"));
    tell("read /proc/keys", can_read("/proc/keys"));
    tell("read /sys/firmware", can_read("/sys/firmware/dmi/tables/DMI"));
    tell("vsock", socket(40, SOCK_STREAM, 0));
}

static void descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    int stray = 0;
    while ((entry = readdir(folder))) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] != '.' && fd > 2 && fd != dirfd(folder))
            stray++;
    }
    errno = EBADF;
    tell("stray descriptors", stray ? 0 : -1);
    closedir(folder);
}

int main(void)
{
    descriptors();
    pid_1();
    root();
    devices();
    kernel();
    printf("end\n");
    return 0;
}
