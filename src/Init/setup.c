#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "init.h"
#include "kernel.h"

#define SOCKET_BEFORE_LISTEN "/run/sleigh/.init.sock"

struct rlimit default_rlimits[RLIMITS_COUNT];
uint64_t permitted_capabilities;
uint64_t bounding_capabilities;
int running_max;
int linger_max;

_Noreturn void die(const char *what)
{
    int error = errno;

    text_write(STDERR_FILENO, "sleigh-init: ");
    text_write(STDERR_FILENO, what);
    text_write(STDERR_FILENO, ": error ");
    text_write_number(STDERR_FILENO, (uint64_t)error);
    text_write(STDERR_FILENO, "\n");
    _exit(1);
}

/* The C library keeps signals 32 to 34 for itself and refuses them; inherited as ignored they would stay so. */
static void reset_reserved(int number)
{
    unsigned long by_default[4] = { 0 };

    syscall(SYS_rt_sigaction, number, by_default, NULL, 8UL);
}

/*
 * Only SIGCHLD is blocked (it is read from a signalfd). Every other signal keeps its default action and stays
 * unblocked, because the kernel then drops it on the sender's side when the receiver is PID 1; a blocked one would be
 * queued, and a queue is something that a hostile process could fill.
 */
static void set_signals(void)
{
    sigset_t chld;
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < 65; number++) {
        action.sa_flags = number == SIGCHLD ? SA_NOCLDSTOP : 0;
        if (sigaction(number, &action, NULL) != 0)
            reset_reserved(number);
    }
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    if (sigprocmask(SIG_SETMASK, &chld, NULL) != 0)
        die("block SIGCHLD");
}

/*
 * A core dump holds the environment, and so secrets. Less than a page makes no file, and 1 stops even a program that kernel.core_pattern names
 * (fs/coredump.c). Lowered, and never raised.
 */
static void forbid_dumps(void)
{
    struct rlimit core;

    if (getrlimit(RLIMIT_CORE, &core) != 0)
        die("read the limit of core dumps");
    if (core.rlim_max > 1)
        core.rlim_max = 1;
    core.rlim_cur = core.rlim_max;
    if (setrlimit(RLIMIT_CORE, &core) != 0)
        die("lower the limit of core dumps");
}

/* A running exec holds six descriptors, a lingering pipe one; the numbers follow from what the limit allows. */
static void set_limits(void)
{
    struct rlimit files;

    forbid_dumps();
    for (int i = 0; i < RLIMITS_COUNT; i++)
        if (getrlimit(i, &default_rlimits[i]) != 0)
            die("read resource limits");

    files = default_rlimits[RLIMIT_NOFILE];
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        die("raise the limit of open files");

    rlim_t limit = files.rlim_cur > 65536 ? 65536 : files.rlim_cur;
    if (limit < 256) {
        errno = EMFILE;
        die("the limit of open files is below 256");
    }
    linger_max = limit / 4 > 1024 ? 1024 : (int)(limit / 4);
    running_max = ((int)limit - linger_max - 64) / 6;
    if (running_max > SI_RUNNING_MAX)
        running_max = SI_RUNNING_MAX;
}

static int bind_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = SOCKET_BEFORE_LISTEN};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        die("make the socket");
    unlink(SOCKET_BEFORE_LISTEN);
    umask(0177);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        die("bind " SOCKET_BEFORE_LISTEN);
    umask(022);
    return fd;
}

/*
 * prlimit(2) and ptrace(2) let a process pass whose uid equals all three of the target's. Root inside may become any
 * uid, so init's three differ from each other: no process can be equal to all of them.
 */
static void become(uint32_t uid)
{
    const uint64_t needed = 1ULL << K_CAP_CHOWN | 1ULL << K_CAP_DAC_OVERRIDE | 1ULL << K_CAP_FOWNER |
                            1ULL << K_CAP_KILL | 1ULL << K_CAP_SETGID | 1ULL << K_CAP_SETUID |
                            1ULL << K_CAP_SETPCAP | 1ULL << K_CAP_SYS_CHROOT;

    permitted_capabilities = caps_permitted();
    bounding_capabilities = caps_bounding();
    if ((permitted_capabilities & needed) != needed) {
        errno = EPERM;
        die("CHOWN, DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID, SETPCAP and SYS_CHROOT are needed");
    }
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
        die("keep capabilities");
    if (syscall(SYS_setgroups, 0, NULL) != 0 || syscall(SYS_setresgid, uid + 1, uid, uid + 2) != 0 ||
        syscall(SYS_setresuid, uid + 1, uid, uid + 2) != 0)
        die("change the user");
    /* What a command may get must stay permitted here: under no_new_privs execve adds nothing. */
    if ((errno = caps_set(needed, permitted_capabilities)) != 0)
        die("set capabilities");
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        die("clear ambient capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        die("set no_new_privs");
    /* After the change of user, which sets it to fs.suid_dumpable. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        die("become undumpable");
}

void setup(uint32_t uid)
{
    int listener;

    if (syscall(SYS_close_range, 3, ~0U, 0) != 0)
        die("close stray descriptors");
    if (chdir("/") != 0)
        die("change to /");
    set_signals();
    null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null_fd < 0)
        die("open /dev/null");
    set_limits();
    oom_setup();
    listener = bind_socket();
    become(uid);
    if (listen(listener, 16) != 0)
        die("listen");
    loop_init(listener);
    /* Renamed only now: where the name exists, a connect succeeds. */
    if (rename(SOCKET_BEFORE_LISTEN, SI_SOCKET_PATH) != 0)
        die("rename the socket to " SI_SOCKET_PATH);
    for (int fd = 0; fd < 3; fd++)
        dup2(null_fd, fd);
}
