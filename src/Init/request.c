#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

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
    if (header->type != SI_START && (parcel->count > 0 || parcel->cut))
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
