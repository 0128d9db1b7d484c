#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"
#include "kernel.h"

/* Descriptor 3 is the status pipe from here to execve, which closes it. */
#define STATUS_FD 3

static int status_fd;

static _Noreturn void give_up(uint32_t stage, int error)
{
    struct child_report report = {stage, error};
    ssize_t ignored = write(status_fd, &report, sizeof report);

    (void)ignored;
    _exit(127);
}

static void check(bool ok, uint32_t stage)
{
    if (!ok)
        give_up(stage, errno);
}

static void enter_cgroup(int directory)
{
    int fd = openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);

    check(fd >= 0 && write(fd, "0", 1) == 1, SI_STAGE_CGROUP);
}

static void enter_root(int root)
{
    check(fchdir(root) == 0 && chroot(".") == 0, SI_STAGE_ROOT);
}

static void set_session(const struct child_plan *plan)
{
    check(setsid() >= 0, SI_STAGE_SESSION);
    check(!plan->terminal || ioctl(plan->standard[0], TIOCSCTTY, 0) == 0, SI_STAGE_SESSION);
}

/* init keeps 0, 1 and 2 open, so everything in the plan lies above them. */
static void set_descriptors(const struct child_plan *plan, int input)
{
    check(dup2(input, 0) == 0 && dup2(plan->standard[1], 1) == 1 && dup2(plan->standard[2], 2) == 2, SI_STAGE_STDIO);
    if (status_fd != STATUS_FD) {
        check(dup3(status_fd, STATUS_FD, O_CLOEXEC) == STATUS_FD, SI_STAGE_STDIO);
        status_fd = STATUS_FD;
    }
    check(syscall(SYS_close_range, STATUS_FD + 1, ~0U, 0) == 0, SI_STAGE_STDIO);
}

/*
 * The container's seccomp profile must allow clone3 for init. Its flags lie behind a pointer that a filter cannot
 * follow, so for the command clone3 does not exist, and libc uses clone, which the profile can judge. The number is
 * the same on every architecture; x32 calls carry one more bit.
 */
static void hide_clone3(void)
{
    static const struct k_sock_filter filter[] = {
        {K_BPF_LD_W_ABS, 0, 0, 0},
        {K_BPF_ALU_AND_K, 0, 0, ~K_X32_BIT},
        {K_BPF_JMP_JEQ_K, 0, 1, SYS_clone3},
        {K_BPF_RET_K, 0, 0, K_SECCOMP_RET_ERRNO | ENOSYS},
        {K_BPF_RET_K, 0, 0, K_SECCOMP_RET_ALLOW},
    };
    struct k_sock_fprog program = {sizeof filter / sizeof filter[0], filter};

    check(prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, &program, 0, 0) == 0, SI_STAGE_SECCOMP);
}

/* Raw calls: libc's versions work on every thread, with locks that a forked child has no business with. */
static void set_identity(const struct child_plan *plan, const struct payload *payload)
{
    const struct si_start *start = plan->start;
    uint64_t mask = start->capabilities & permitted_capabilities;
    int error = caps_drop_bounding(bounding_capabilities & ~mask);

    if (error != 0)
        give_up(SI_STAGE_CAPABILITIES, error);
    check(syscall(SYS_setgroups, start->group_count, payload->groups) == 0, SI_STAGE_GROUPS);
    check(syscall(SYS_setresgid, start->gid, start->gid, start->gid) == 0, SI_STAGE_GROUPS);
    check(syscall(SYS_setresuid, start->uid, start->uid, start->uid) == 0, SI_STAGE_USER);
    /* Between two users that are not root the kernel takes no capability away, so both cases are set by hand. */
    mask = start->uid == 0 ? mask : 0;
    error = caps_set(mask, mask);
    if (error != 0)
        give_up(SI_STAGE_CAPABILITIES, error);
}

static void set_rlimits(void)
{
    for (int i = 0; i < RLIMITS_COUNT; i++)
        check(syscall(SYS_prlimit64, 0, i, &default_rlimits[i], NULL) == 0, SI_STAGE_RLIMITS);
}

_Noreturn void child_run(const struct child_plan *plan)
{
    struct payload payload;
    sigset_t none;
    int input = plan->standard[0];
    int error;

    status_fd = plan->status;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);

    if (plan->cgroup >= 0)
        enter_cgroup(plan->cgroup);
    /* The last two paths of the skeleton. */
    error = oom_set_own(plan->start->oom_score_adj);
    if (error != 0)
        give_up(SI_STAGE_OOM_SCORE, error);
    if (input < 0)
        check((input = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0, SI_STAGE_STDIO);
    error = payload_read(plan->payload, plan->start, &payload);
    if (error != 0)
        give_up(SI_STAGE_PAYLOAD, error);

    enter_root(plan->root);
    set_session(plan);
    set_descriptors(plan, input);
    set_rlimits();
    umask(022);
    hide_clone3();
    set_identity(plan, &payload);
    check(chdir(payload.cwd) == 0, SI_STAGE_CWD);
    error = path_execute(payload.arguments, payload.environment);
    give_up(SI_STAGE_EXEC, error);
}
