#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "init.h"
#include "kernel.h"

/* The parent's side of a START. What is not -1 in here at the end is closed. */
struct start {
    const struct si_start *request;
    struct parcel *parcel;
    int payload, root, cgroup, input, hold, spools[2], record;
    int outputs[2]; /* read ends, or the master and -1 */
    int standard[3];
    int status_read, status_write;
    int slave;
};

static int failed(uint32_t *stage, uint32_t at, int error)
{
    *stage = at;
    return error;
}

static void name_descriptors(struct start *start)
{
    uint32_t flags = start->request->flags;
    int *next = start->parcel->fds;

    start->payload = *next++;
    start->root = *next++;
    start->cgroup = flags & SI_FLAG_CGROUP ? *next++ : -1;
    start->input = flags & SI_FLAG_STDIN ? *next++ : -1;
    start->hold = flags & SI_FLAG_HOLD ? *next++ : -1;
    start->spools[0] = *next++;
    start->spools[1] = flags & SI_FLAG_TERMINAL ? -1 : *next++;
    start->record = *next;
}

static bool valid_request(const struct si_start *request)
{
    size_t smallest = request->group_count * sizeof(uint32_t) + 1U + request->argument_count +
                      request->environment_count;

    return request->payload_size <= SI_PAYLOAD_MAX && request->payload_size >= smallest &&
           request->argument_count >= 1 && request->argument_count <= SI_ARGUMENTS_MAX &&
           request->environment_count <= SI_ENVIRONMENT_MAX && request->group_count <= SI_GROUPS_MAX &&
           request->oom_score_adj >= -1000 && request->oom_score_adj <= 1000 &&
           (request->flags & (SI_FLAG_HOLD | SI_FLAG_STDIN)) != SI_FLAG_HOLD &&
           request->spool_cap <= SI_SPOOL_CAP_MAX && request->uid != UINT32_MAX && request->gid != UINT32_MAX;
}

/* A spool that is no regular file could make the pump wait; with O_APPEND the kernel refuses to splice. */
static int check_file(int fd)
{
    struct stat status;
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fstat(fd, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode) || (flags & O_ACCMODE) == O_RDONLY || (flags & (O_APPEND | O_PATH)) != 0)
        return EINVAL;
    return 0;
}

static int check_descriptors(const struct start *start)
{
    const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
    struct stat status;
    int error = check_file(start->record);

    if (error == 0)
        error = check_file(start->spools[0]);
    if (error == 0 && start->spools[1] >= 0)
        error = check_file(start->spools[1]);
    if (error != 0)
        return error;
    if (start->hold >= 0 && (fstat(start->hold, &status) != 0 || !S_ISFIFO(status.st_mode)))
        return EINVAL;
    if (fstat(start->root, &status) != 0)
        return errno;
    if (!S_ISDIR(status.st_mode))
        return ENOTDIR;
    /* F_GET_SEALS fails on what is no memfd. Sealed, it cannot change under the child that reads it. */
    int present = fcntl(start->payload, F_GET_SEALS);
    if (present < 0 || (present & seals) != seals)
        return EPERM;
    if (fstat(start->payload, &status) != 0 || status.st_size < (off_t)start->request->payload_size)
        return EINVAL;
    return 0;
}

/*
 * The write end is the command's /dev/stdout: opening that asks for permission on the pipe's inode. So it belongs to
 * the command's user, and others may write, for a command that changes its user. Nobody else can reach it by name.
 */
static int open_pipe(const struct si_start *request, int *reader, int *writer)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    *reader = ends[0];
    *writer = ends[1];
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 || fchmod(ends[1], 0622) != 0 ||
        fchown(ends[1], request->uid, request->gid) != 0)
        return errno;
    return 0;
}

static int open_standard(struct start *start, uint32_t *stage)
{
    const struct si_start *request = start->request;
    struct stat status;
    int error;

    if (request->flags & SI_FLAG_TERMINAL) {
        error = terminal_open(start->root, request, &start->outputs[0], &start->slave);
        if (error != 0)
            return failed(stage, SI_STAGE_TERMINAL, error);
        for (int i = 0; i < 3; i++)
            start->standard[i] = start->slave;
        if (start->input >= 0 && (fstat(start->input, &status) != 0 || !S_ISFIFO(status.st_mode)))
            return failed(stage, SI_STAGE_DESCRIPTORS, EINVAL);
        return 0;
    }
    for (int i = 0; i < 2; i++) {
        error = open_pipe(request, &start->outputs[i], &start->standard[i + 1]);
        if (error != 0)
            return failed(stage, SI_STAGE_PIPES, error);
    }
    start->standard[0] = start->input;
    /* For /dev/stdin, as above. What is not a pipe keeps its owner. */
    if (start->input >= 0 && fstat(start->input, &status) == 0 && S_ISFIFO(status.st_mode) &&
        (fchmod(start->input, 0644) != 0 || fchown(start->input, request->uid, request->gid) != 0))
        return failed(stage, SI_STAGE_PIPES, errno);
    return 0;
}

/*
 * An ordinary fork of a very small process. CLONE_VFORK would be a little faster, but would stop init for as long as
 * the child takes to its execve: in a frozen or throttled cgroup, or on a slow file system, that is for ever.
 */
static pid_t fork_into(int *cgroup)
{
    struct k_clone_args arguments = {.exit_signal = SIGCHLD};
    pid_t pid;

    if (*cgroup >= 0) {
        arguments.flags = K_CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)*cgroup;
        pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
        if (pid >= 0) {
            if (pid == 0)
                *cgroup = -1;
            return pid;
        }
        /* A seccomp profile that does not know clone3's arguments answers ENOSYS. The child then moves itself. */
        if (errno != ENOSYS)
            return -1;
    }
#ifdef SYS_fork
    return (pid_t)syscall(SYS_fork);
#else
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

static int launch(struct start *start, struct exec *exec, uint32_t *stage)
{
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0)
        return failed(stage, SI_STAGE_PIPES, errno);
    start->status_read = ends[0];
    start->status_write = ends[1];

    struct child_plan plan = {
        .start = start->request,
        .payload = start->payload,
        .root = start->root,
        .cgroup = start->cgroup,
        .standard = {start->standard[0], start->standard[1], start->standard[2]},
        .status = start->status_write,
        .terminal = (start->request->flags & SI_FLAG_TERMINAL) != 0,
    };
    pid = fork_into(&plan.cgroup);
    if (pid == 0)
        child_run(&plan);
    if (pid < 0)
        return failed(stage, SI_STAGE_CLONE, errno);
    exec->record.pid = pid;
    return 0;
}

/* The child runs already; what fails from here on ends it. */
static int watch(struct start *start, int index)
{
    struct exec *exec = &execs[index];
    bool terminal = (start->request->flags & SI_FLAG_TERMINAL) != 0;
    int error;

    table_set_pid(index, exec->record.pid);
    fcntl(start->status_read, F_SETFL, O_NONBLOCK);
    error = watch_add(start->status_read, EPOLLIN, WATCH_STATUS, exec->generation, (uint32_t)index);
    if (error != 0)
        return error;
    exec->status_fd = start->status_read;
    start->status_read = -1;
    exec->hold_fd = start->hold;
    start->hold = -1;

    for (uint8_t i = 0; i < (terminal ? 1 : 2); i++) {
        exec->output_pump[i] = pump_add(terminal ? PUMP_TERMINAL : PUMP_PIPE, start->outputs[i], start->spools[i],
                                        index, i);
        if (exec->output_pump[i] < 0)
            return ENOMEM;
        start->outputs[i] = start->spools[i] = -1;
    }
    if (terminal) {
        exec->terminal_fd = start->slave;
        start->slave = -1;
        if (start->input >= 0) {
            exec->input_pump = pump_add(PUMP_INPUT, start->input, pump_at(exec->output_pump[0])->source, index, 0);
            if (exec->input_pump < 0)
                return ENOMEM;
            start->input = -1;
        }
    }
    return 0;
}

/* Descriptors of the parcel that were not taken over are closed by whoever received it. */
static void close_leftovers(struct start *start)
{
    int terminal = (start->request->flags & SI_FLAG_TERMINAL) != 0;
    uint32_t flags = start->request->flags;
    int *next = start->parcel->fds + 2 + ((flags & SI_FLAG_CGROUP) != 0);

    if (flags & SI_FLAG_STDIN)
        *next++ = start->input;
    if (flags & SI_FLAG_HOLD)
        *next++ = start->hold;
    *next++ = start->spools[0];
    if (!terminal)
        *next++ = start->spools[1];
    *next = start->record;

    for (int i = 0; i < 2; i++) {
        close_fd(&start->outputs[i]);
        if (!terminal)
            close_fd(&start->standard[i + 1]);
    }
    close_fd(&start->slave);
    close_fd(&start->status_read);
    close_fd(&start->status_write);
}

void spawn_failed(int index, uint32_t stage, int error)
{
    struct exec *exec = &execs[index];

    close_fd(&exec->status_fd);
    for (int i = 0; i < 2; i++)
        if (exec->output_pump[i] >= 0)
            pump_close(exec->output_pump[i]);
    if (exec->input_pump >= 0)
        pump_close(exec->input_pump);
    close_fd(&exec->hold_fd);
    close_fd(&exec->terminal_fd);

    exec->record.state = SI_STATE_FAILED;
    exec->record.stage = stage;
    exec->record.error = error;
    exec->record.ended_ns = clock_ns(CLOCK_REALTIME);
    exec->record.wall_ns = clock_ns(CLOCK_MONOTONIC) - exec->accepted_monotonic_ns;
    record_write(exec);
    close_fd(&exec->record_fd);
    table_ended(index);
    serve_answer(exec);
}

static void refuse(int connection, uint32_t generation, uint32_t seq, const struct si_start *request, uint32_t stage,
                   int error)
{
    struct si_failed body = {.stage = stage, .error = error};

    memcpy(body.exec_id, request->exec_id, sizeof body.exec_id);
    serve_reply(connection, generation, SI_FAILED, seq, &body, sizeof body);
}

void spawn_start(int connection, uint32_t generation, uint32_t seq, const struct si_start *request,
                 struct parcel *parcel)
{
    struct start start = {.request = request, .parcel = parcel, .outputs = {-1, -1}, .standard = {-1, -1, -1},
                          .status_read = -1, .status_write = -1, .slave = -1};
    uint32_t stage = SI_STAGE_NONE;
    int index, error;

    if (parcel->cut) {
        refuse(connection, generation, seq, request, SI_STAGE_DESCRIPTORS, EMFILE);
        return;
    }
    if (table_find(request->exec_id) >= 0) {
        refuse(connection, generation, seq, request, SI_STAGE_REQUEST, EEXIST);
        return;
    }
    index = table_add(request->exec_id);
    if (index < 0) {
        refuse(connection, generation, seq, request, SI_STAGE_LIMIT, EAGAIN);
        return;
    }

    struct exec *exec = &execs[index];
    record_begin(exec, request);
    exec->requester = connection;
    exec->requester_generation = generation;
    exec->seq = seq;
    oom_restore();
    name_descriptors(&start);
    error = valid_request(request) ? 0 : failed(&stage, SI_STAGE_REQUEST, EINVAL);
    if (error == 0 && (error = check_descriptors(&start)) != 0)
        stage = SI_STAGE_DESCRIPTORS;
    if (error == 0)
        error = open_standard(&start, &stage);
    if (error == 0)
        error = launch(&start, exec, &stage);
    if (error == 0 && (error = watch(&start, index)) != 0) {
        stage = SI_STAGE_PIPES;
        kill(exec->record.pid, SIGKILL);
        exec->record.pid = 0;
    }
    if (check_file(start.record) == 0) {
        exec->record_fd = start.record;
        start.record = -1;
    }
    close_leftovers(&start);
    if (error == 0)
        record_write(exec);
    else
        spawn_failed(index, stage, error);
}

/* The child's end of the status pipe: closed by execve, or written by a child that gave up. */
void spawn_status(int index)
{
    struct exec *exec = &execs[index];
    struct child_report report;
    ssize_t size;

    if (exec->status_fd < 0)
        return;
    size = read(exec->status_fd, &report, sizeof report);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    close_fd(&exec->status_fd);
    /* Answered when the child has been reaped: the host may then remove its cgroup. */
    if (size == (ssize_t)sizeof report) {
        exec->record.stage = report.stage;
        exec->record.error = report.error;
        return;
    }

    exec->record.state = SI_STATE_RUNNING;
    exec->record.running_ns = clock_ns(CLOCK_REALTIME);
    record_write(exec);
    serve_answer(exec);
}
