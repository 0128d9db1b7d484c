#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

/* What the host leaves with us for its own next life. Nobody inside can read it; it goes with this process. */
static int held_fd = -1;
static uint32_t held_size;

/* Who asks, to be answered. */
struct asker {
    int connection;
    uint32_t generation;
    uint32_t seq;
};

static void reply(const struct asker *asker, uint16_t type, const void *body, size_t size)
{
    serve_reply(asker->connection, asker->generation, type, asker->seq, body, size);
}

static void done(const struct asker *asker, int error)
{
    struct si_done body = {.error = error};

    reply(asker, SI_DONE, &body, sizeof body);
}

static bool is_running(const struct exec *exec)
{
    return exec->record.state == SI_STATE_STARTING || exec->record.state == SI_STATE_RUNNING;
}

static int forget(int index)
{
    if (index < 0)
        return ENOENT;
    if (is_running(&execs[index]))
        return EBUSY;
    table_remove(index);
    return 0;
}

/* The pid is still a child of ours that nobody has waited for, so neither it nor its group can be somebody else. */
static int send_signal(int index, int number)
{
    if (index < 0)
        return ENOENT;
    if (number < 1 || number > 64)
        return EINVAL;
    if (!is_running(&execs[index]))
        return ESRCH;
    if (kill(-execs[index].record.pid, number) == 0)
        return 0;
    /* The child has not come to its setsid(2) yet. */
    return kill(execs[index].record.pid, number) == 0 ? 0 : errno;
}

static int resize(int index, uint16_t rows, uint16_t columns)
{
    if (index < 0)
        return ENOENT;
    if (!is_running(&execs[index]))
        return ESRCH;
    if (execs[index].terminal_fd < 0)
        return ENOTTY;
    return terminal_resize(execs[index].terminal_fd, rows, columns);
}

/* The command reads the end of its input once the host has closed its own write ends too. */
static int end_input(int index)
{
    if (index < 0)
        return ENOENT;
    if (!is_running(&execs[index]))
        return ESRCH;
    close_fd(&execs[index].hold_fd);
    return 0;
}

static void pong(const struct asker *asker)
{
    struct si_pong body = {
        .running = (uint32_t)exec_running,
        .remembered = (uint32_t)exec_remembered,
        .lingering = (uint32_t)pump_lingering,
        .features = SI_FEATURE_HOLD,
        .reaped = reap_count,
    };

    reply(asker, SI_PONG, &body, sizeof body);
}

static void record(const struct asker *asker, int index)
{
    if (index < 0)
        done(asker, ENOENT);
    else
        reply(asker, SI_RECORDED, &execs[index].record, sizeof execs[index].record);
}

static int check_held(int fd, uint32_t size)
{
    const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK;
    int present = fcntl(fd, F_GET_SEALS);
    struct stat status;

    if (present < 0 || (present & seals) != seals || fstat(fd, &status) != 0 || status.st_size != (off_t)size)
        return EINVAL;
    return 0;
}

static bool hold(const struct asker *asker, const struct si_hold *body, struct parcel *parcel)
{
    int error = 0;

    if (body->reserved != 0 || body->size > SI_HELD_MAX)
        return false;
    if (!parcel->cut && parcel->count != (body->size > 0))
        return false;
    if (parcel->cut)
        error = EMFILE;
    else if (body->size > 0)
        error = check_held(parcel->fds[0], body->size);
    if (error == 0) {
        close_fd(&held_fd);
        held_size = body->size;
        if (held_size > 0) {
            held_fd = parcel->fds[0];
            parcel->fds[0] = -1;
        }
    }
    done(asker, error);
    return true;
}

static bool held(const struct asker *asker, const struct si_held *body)
{
    static struct si_piece piece;
    ssize_t count;

    if (body->reserved != 0)
        return false;
    if (held_fd < 0) {
        done(asker, ENOENT);
        return true;
    }
    count = pread(held_fd, piece.data, sizeof piece.data, (off_t)body->offset);
    if (count < 0) {
        done(asker, errno);
        return true;
    }
    piece.size = held_size;
    piece.count = (uint32_t)count;
    reply(asker, SI_PIECE, &piece, offsetof(struct si_piece, data) + (size_t)count);
    memset(piece.data, 0, sizeof piece.data);
    return true;
}

static int descriptors_of(uint32_t flags)
{
    return 4 + ((flags & SI_FLAG_CGROUP) != 0) + ((flags & SI_FLAG_STDIN) != 0) +
           ((flags & SI_FLAG_HOLD) != 0) + ((flags & SI_FLAG_TERMINAL) == 0);
}

static bool start(const struct asker *asker, const struct si_start *body, struct parcel *parcel)
{
    if (body->reserved != 0 || (body->flags & ~(uint32_t)SI_FLAGS_ALL) != 0)
        return false;
    if (!parcel->cut && parcel->count != descriptors_of(body->flags))
        return false;
    spawn_start(asker->connection, asker->generation, asker->seq, body, parcel);
    return true;
}

/* The size of the body of each request; SIZE_MAX for what is none. */
static size_t body_size(uint16_t type)
{
    switch (type) {
    case SI_START:
        return sizeof(struct si_start);
    case SI_FORGET:
    case SI_RECORD:
    case SI_END_INPUT:
        return sizeof(struct si_name);
    case SI_SIGNAL:
        return sizeof(struct si_signal);
    case SI_RESIZE:
        return sizeof(struct si_resize);
    case SI_HOLD:
        return sizeof(struct si_hold);
    case SI_HELD:
        return sizeof(struct si_held);
    case SI_LIST:
    case SI_PING:
        return 0;
    default:
        return SIZE_MAX;
    }
}

/* False: the frame is malformed, and its connection is to be closed. */
bool request_handle(int connection, uint32_t generation, const void *frame, size_t size, struct parcel *parcel)
{
    const struct si_header *header = frame;
    const void *body = header + 1;

    if (size < sizeof *header || header->version != SI_VERSION || body_size(header->type) != size - sizeof *header)
        return false;
    if (header->type != SI_START && header->type != SI_HOLD && (parcel->count > 0 || parcel->cut))
        return false;

    struct asker asker = {connection, generation, header->seq};
    if (header->type == SI_PING) {
        pong(&asker);
        return true;
    }
    if (header->type == SI_LIST) {
        serve_list(connection, generation, header->seq);
        return true;
    }

    if (header->type == SI_HOLD)
        return hold(&asker, body, parcel);
    if (header->type == SI_HELD)
        return held(&asker, body);

    const struct si_name *name = body; /* every other body begins with the id */
    if (!table_valid_id(name->exec_id))
        return false;
    int index = table_find(name->exec_id);
    switch (header->type) {
    case SI_START:
        return start(&asker, body, parcel);
    case SI_FORGET:
        done(&asker, forget(index));
        return true;
    case SI_RECORD:
        record(&asker, index);
        return true;
    case SI_END_INPUT:
        done(&asker, end_input(index));
        return true;
    case SI_SIGNAL: {
        const struct si_signal *signal = body;
        if (signal->reserved != 0)
            return false;
        done(&asker, send_signal(index, signal->number));
        return true;
    }
    case SI_RESIZE: {
        const struct si_resize *size_of = body;
        if (size_of->reserved != 0)
            return false;
        done(&asker, resize(index, size_of->rows, size_of->columns));
        return true;
    }
    default:
        return false;
    }
}
