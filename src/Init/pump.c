#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "init.h"

#define CHUNK (64 * 1024)      /* what a pipe holds */
#define STEPS_AT_ONCE 4        /* then the others have their turn */
#define TERMINAL_REST (256 * 1024)

int pump_lingering;
static struct pump pumps[PUMPS_MAX];
static int pump_high;
static uint64_t linger_counter;

struct pump *pump_at(int index)
{
    return &pumps[index];
}

/* Takes over source, and target too unless it is a terminal's master. */
int pump_add(enum pump_kind kind, int source, int target, int exec, uint8_t stream)
{
    int index = 0;

    while (index < PUMPS_MAX && pumps[index].kind != PUMP_FREE)
        index++;
    if (index == PUMPS_MAX)
        return -1;

    struct pump *pump = &pumps[index];
    if (watch_add(source, EPOLLIN, WATCH_PUMP, pump->generation + 1, (uint32_t)index) != 0)
        return -1;
    pump->generation++;
    pump->kind = (uint8_t)kind;
    pump->source = source;
    pump->target = target;
    pump->exec = exec;
    pump->stream = stream;
    pump->waits_for_room = false;
    if (index >= pump_high)
        pump_high = index + 1;
    return index;
}

void pump_close(int index)
{
    struct pump *pump = &pumps[index];

    if (pump->kind == PUMP_LINGER) {
        pump_lingering--;
    } else if (pump->kind == PUMP_INPUT) {
        execs[pump->exec].input_pump = -1;
    } else {
        /* The input writes to this master. */
        if (pump->kind == PUMP_TERMINAL && execs[pump->exec].input_pump >= 0)
            pump_close(execs[pump->exec].input_pump);
        execs[pump->exec].output_pump[pump->stream] = -1;
        close_fd(&pump->target);
    }
    close_fd(&pump->source);
    pump->kind = PUMP_FREE;
    while (pump_high > 0 && pumps[pump_high - 1].kind == PUMP_FREE)
        pump_high--;
}

static ssize_t throw_away(int source, size_t size)
{
    return splice(source, NULL, null_fd, NULL, size, SPLICE_F_NONBLOCK);
}

/* Where the next bytes go, and how many may go there. Up to the cap it is the spool itself, then the ring behind it. */
static size_t place(const struct exec *exec, const struct si_stream *stream, loff_t *offset)
{
    uint64_t cap = exec->record.spool_cap;

    if (stream->total < cap) {
        *offset = (loff_t)stream->total;
        return cap - stream->total < CHUNK ? (size_t)(cap - stream->total) : CHUNK;
    }
    uint64_t in_ring = (stream->total - cap) % SI_RING_SIZE;
    uint64_t room = SI_RING_SIZE - in_ring;
    *offset = (loff_t)(cap + in_ring);
    return room < SI_RING_CHUNK ? (size_t)room : SI_RING_CHUNK;
}

/*
 * One piece. Returns its size, 0 at the end of the source, -1 with errno. A disk that takes no more (ENOSPC, EDQUOT,
 * EIO, EFBIG) costs the piece, never the command: it is read all the same, and counted as dropped.
 */
static ssize_t move_pipe(struct pump *pump, size_t limit)
{
    struct exec *exec = &execs[pump->exec];
    struct si_stream *stream = &exec->record.streams[pump->stream];
    loff_t offset;
    size_t size = place(exec, stream, &offset);
    ssize_t moved;

    if (size > limit)
        size = limit;
    moved = splice(pump->source, NULL, pump->target, &offset, size, SPLICE_F_NONBLOCK);
    if (moved < 0 && errno != EAGAIN && errno != EINTR) {
        moved = throw_away(pump->source, size);
        if (moved > 0)
            stream->dropped += (uint64_t)moved;
    }
    if (moved > 0)
        stream->total += (uint64_t)moved;
    return moved;
}

/* A terminal's master cannot be spliced into a file. */
static ssize_t move_terminal(struct pump *pump, size_t limit)
{
    char bytes[4096];
    struct exec *exec = &execs[pump->exec];
    struct si_stream *stream = &exec->record.streams[0];
    loff_t offset;
    size_t size = place(exec, stream, &offset);
    ssize_t got, stored = 0;

    if (size > limit)
        size = limit;
    got = read(pump->source, bytes, size < sizeof bytes ? size : sizeof bytes);
    if (got <= 0)
        return got;
    while (stored < got) {
        ssize_t n = pwrite(pump->target, bytes + stored, (size_t)(got - stored), (off_t)(offset + stored));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        stored += n;
    }
    stream->dropped += (uint64_t)(got - stored);
    stream->total += (uint64_t)got;
    return got;
}

static ssize_t move(struct pump *pump, size_t limit)
{
    return pump->kind == PUMP_TERMINAL ? move_terminal(pump, limit) : move_pipe(pump, limit);
}

static void pump_output(int index)
{
    struct pump *pump = &pumps[index];
    struct exec *exec = &execs[pump->exec];

    for (int i = 0; i < STEPS_AT_ONCE; i++) {
        ssize_t moved = move(pump, CHUNK);
        if (moved > 0) {
            record_write(exec);
            continue;
        }
        if (moved == 0 || (errno != EAGAIN && errno != EINTR))
            pump_close(index);
        return;
    }
}

static void pump_linger(int index)
{
    for (int i = 0; i < STEPS_AT_ONCE; i++) {
        ssize_t moved = throw_away(pumps[index].source, CHUNK);
        if (moved > 0)
            continue;
        if (moved == 0 || (errno != EAGAIN && errno != EINTR))
            pump_close(index);
        return;
    }
}

/*
 * While the terminal is full the pipe is not looked at; the master's EPOLLOUT wakes us. The watch is taken off and not
 * only emptied, because epoll reports a hang-up even to a watch for nothing.
 */
static void set_waiting(struct pump *pump, int index, bool waits)
{
    const struct exec *exec = &execs[pump->exec];
    int output = exec->output_pump[0];

    if (pump->waits_for_room == waits || output < 0)
        return;
    pump->waits_for_room = waits;
    if (waits)
        watch_remove(pump->source);
    else
        watch_add(pump->source, EPOLLIN, WATCH_PUMP, pump->generation, (uint32_t)index);
    watch_change(pumps[output].source, waits ? EPOLLIN | EPOLLOUT : EPOLLIN, WATCH_PUMP, pumps[output].generation,
                 (uint32_t)output);
}

static void pump_input(int index)
{
    struct pump *pump = &pumps[index];
    ssize_t moved;
    int waiting = 0;

    if (ioctl(pump->source, FIONREAD, &waiting) != 0)
        waiting = 0;
    moved = splice(pump->source, NULL, pump->target, NULL, 4096, SPLICE_F_NONBLOCK);
    if (moved == 0)
        pump_close(index);
    else if (moved < 0 && errno == EAGAIN && waiting > 0)
        set_waiting(pump, index, true);
    else if (moved < 0 && errno != EAGAIN && errno != EINTR)
        pump_close(index);
    else
        set_waiting(pump, index, false);
}

void pump_ready(uint32_t number, uint32_t generation, uint32_t events)
{
    struct pump *pump = &pumps[number];
    int index = (int)number;

    if (pump->kind == PUMP_FREE || (pump->generation & 0xffffff) != generation)
        return;
    if (pump->kind == PUMP_LINGER) {
        pump_linger(index);
    } else if (pump->kind == PUMP_INPUT) {
        pump_input(index);
    } else {
        int input = execs[pump->exec].input_pump;
        if ((events & EPOLLOUT) != 0 && input >= 0)
            pump_input(input);
        pump_output(index);
    }
}

static void drop_oldest_linger(void)
{
    int oldest = -1;

    for (int i = 0; i < pump_high; i++)
        if (pumps[i].kind == PUMP_LINGER && (oldest < 0 || pumps[i].order < pumps[oldest].order))
            oldest = i;
    if (oldest >= 0)
        pump_close(oldest);
}

/*
 * A process that was left behind would get SIGPIPE if its pipe were closed, so the pipe is emptied into nowhere for as
 * long as somebody holds it. One such process can hold very many, so their number is bounded.
 */
static void begin_linger(int index)
{
    struct pump *pump = &pumps[index];

    execs[pump->exec].output_pump[pump->stream] = -1;
    close_fd(&pump->target);
    pump->kind = PUMP_LINGER;
    pump->exec = -1;
    pump->order = ++linger_counter;
    if (++pump_lingering > linger_max)
        drop_oldest_linger();
    if (pump->kind == PUMP_LINGER)
        pump_linger(index);
}

/* Only what was there when the command ended: a process that goes on writing must not hold up its end. */
void pump_finish(int exec_index)
{
    struct exec *exec = &execs[exec_index];

    if (exec->input_pump >= 0)
        pump_close(exec->input_pump);
    for (int i = 0; i < 2; i++) {
        int index = exec->output_pump[i];
        if (index < 0)
            continue;
        struct pump *pump = &pumps[index];
        int left = TERMINAL_REST;
        if (pump->kind == PUMP_PIPE && ioctl(pump->source, FIONREAD, &left) != 0)
            left = 0;
        while (left > 0) {
            ssize_t moved = move(pump, (size_t)left);
            if (moved <= 0)
                break;
            left -= (int)moved;
        }
    }
}

/* After the ENDED event, so that it does not wait for this. */
void pump_release(int exec_index)
{
    struct exec *exec = &execs[exec_index];

    for (int i = 0; i < 2; i++) {
        int index = exec->output_pump[i];
        if (index < 0)
            continue;
        if (pumps[index].kind == PUMP_PIPE)
            begin_linger(index);
        else
            pump_close(index);
    }
}
