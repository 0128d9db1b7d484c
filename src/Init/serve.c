#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"

#define FRAMES_AT_ONCE 16

/*
 * A peer that does not read fast enough costs no memory and no wait. What it is owed follows from the table: a list from
 * a place on, the answers to its starts, the ends of execs. Only one other answer is held, because nothing is read from a
 * connection that is behind. A connection is behind from the first frame that finds it full until it has caught up.
 */
struct connection {
    int fd;
    uint32_t generation;
    bool behind;
    bool listing;
    int list_next;
    uint32_t list_seq;
    size_t held_size;
    char held[SI_FRAME_MAX];
};

static struct connection connections[SI_CONNECTIONS_MAX] = {{.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1}};

static struct connection *find(int index, uint32_t generation)
{
    if (index < 0 || connections[index].fd < 0 || connections[index].generation != generation)
        return NULL;
    return &connections[index];
}

static void set_behind(struct connection *connection, bool behind)
{
    if (connection->behind == behind)
        return;
    connection->behind = behind;
    watch_change(connection->fd, (behind ? EPOLLOUT : EPOLLIN) | EPOLLRDHUP, WATCH_CONNECTION, connection->generation,
                 (uint32_t)(connection - connections));
}

/* A child that is not at its close_range yet still holds a copy: only shutdown(2) lets the peer see the end at once. */
static void drop(struct connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
    close_fd(&connection->fd);
}

/* False: the connection is behind now, or gone. Frames for a connection that is behind already are not tried. */
static bool send_parts(struct connection *connection, struct iovec *parts, int count)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    ssize_t sent;

    do
        sent = sendmsg(connection->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return true;
    if (errno == EAGAIN || errno == ENOBUFS)
        set_behind(connection, true);
    else
        drop(connection);
    return false;
}

static bool send_frame(struct connection *connection, uint16_t type, uint32_t seq, const void *body, size_t size)
{
    struct si_header header = {.type = type, .version = SI_VERSION, .seq = seq};
    struct iovec parts[2] = {{&header, sizeof header}, {(void *)(uintptr_t)body, size}};

    return send_parts(connection, parts, size > 0 ? 2 : 1);
}

void serve_reply(int index, uint32_t generation, uint16_t type, uint32_t seq, const void *body, size_t size)
{
    struct connection *connection = find(index, generation);

    if (connection == NULL || send_frame(connection, type, seq, body, size) || connection->fd < 0)
        return;
    struct si_header header = {.type = type, .version = SI_VERSION, .seq = seq};
    memcpy(connection->held, &header, sizeof header);
    memcpy(connection->held + sizeof header, body, size);
    connection->held_size = sizeof header + size;
}

static bool send_answer(struct connection *connection, const struct exec *exec)
{
    const struct si_record *record = &exec->record;

    if (record->state == SI_STATE_FAILED) {
        struct si_failed failed = {.stage = record->stage, .error = record->error};
        memcpy(failed.exec_id, record->exec_id, sizeof failed.exec_id);
        return send_frame(connection, SI_FAILED, exec->seq, &failed, sizeof failed);
    }
    struct si_started started = {.pid = record->pid};
    memcpy(started.exec_id, record->exec_id, sizeof started.exec_id);
    return send_frame(connection, SI_STARTED, exec->seq, &started, sizeof started);
}

void serve_answer(struct exec *exec)
{
    struct connection *connection = find(exec->requester, exec->requester_generation);

    exec->owes_answer = connection != NULL && (connection->behind || !send_answer(connection, exec));
}

void serve_ended(struct exec *exec)
{
    for (unsigned int i = 0; i < SI_CONNECTIONS_MAX; i++) {
        struct connection *connection = &connections[i];
        if (connection->fd < 0)
            continue;
        if (connection->behind || !send_frame(connection, SI_ENDED, 0, &exec->record, sizeof exec->record))
            exec->owes_end |= (uint8_t)(1U << i);
    }
}

static bool send_list(struct connection *connection)
{
    static struct si_listed listed;
    int next = connection->list_next;

    listed.count = 0;
    while (next < exec_high && listed.count < SI_LIST_ENTRIES) {
        const struct exec *exec = &execs[next++];
        if (!exec->used)
            continue;
        struct si_list_entry *entry = &listed.entries[listed.count++];
        memcpy(entry->exec_id, exec->record.exec_id, SI_ID_SIZE);
        entry->state = exec->record.state;
        entry->pid = exec->record.pid;
    }
    listed.more = next < exec_high;
    if (!send_frame(connection, SI_LISTED, connection->list_seq, &listed,
                    offsetof(struct si_listed, entries) + listed.count * sizeof listed.entries[0]))
        return false;
    connection->list_next = next;
    connection->listing = listed.more != 0;
    return true;
}

void serve_list(int index, uint32_t generation, uint32_t seq)
{
    struct connection *connection = find(index, generation);

    if (connection == NULL)
        return;
    connection->listing = true;
    connection->list_next = 0;
    connection->list_seq = seq;
    while (connection->listing && send_list(connection))
        ;
}

static bool catch_up_with(struct connection *connection, struct exec *exec)
{
    uint8_t bit = (uint8_t)(1U << (connection - connections));

    if (exec->owes_answer && find(exec->requester, exec->requester_generation) == connection) {
        if (!send_answer(connection, exec))
            return false;
        exec->owes_answer = false;
    }
    if (exec->owes_end & bit) {
        if (!send_frame(connection, SI_ENDED, 0, &exec->record, sizeof exec->record))
            return false;
        exec->owes_end &= (uint8_t)~bit;
    }
    return true;
}

static void catch_up(struct connection *connection)
{
    struct iovec held = {connection->held, connection->held_size};

    if (connection->held_size > 0) {
        if (!send_parts(connection, &held, 1))
            return;
        connection->held_size = 0;
    }
    while (connection->listing)
        if (!send_list(connection))
            return;
    for (int i = 0; i < exec_high; i++)
        if (execs[i].used && !catch_up_with(connection, &execs[i]))
            return;
    set_behind(connection, false);
}

uint32_t host_uid;

/*
 * pid 0 means that the peer's process has no number in this pid namespace, so it is not inside the sandbox, nor in a
 * namespace below it. That holds for a peer that has died as well: its number stays until the socket goes.
 */
static bool is_host(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == 0 && peer.uid == host_uid;
}

static bool take(uint32_t index, int fd)
{
    struct connection *connection = &connections[index];
    uint32_t generation = connection->generation + 1;

    if (watch_add(fd, EPOLLIN | EPOLLRDHUP, WATCH_CONNECTION, generation, index) != 0)
        return false;
    memset(connection, 0, sizeof *connection);
    connection->fd = fd;
    connection->generation = generation;
    for (int i = 0; i < exec_high; i++)
        execs[i].owes_end &= (uint8_t)~(1U << index);
    return true;
}

void serve_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (is_host(fd))
        for (uint32_t i = 0; i < SI_CONNECTIONS_MAX; i++)
            if (connections[i].fd < 0 && take(i, fd))
                return;
    close(fd);
}

static void take_descriptors(struct msghdr *message, struct parcel *parcel)
{
    parcel->cut = (message->msg_flags & MSG_CTRUNC) != 0;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            if (parcel->count < SI_DESCRIPTORS_MAX) {
                parcel->fds[parcel->count++] = fd;
            } else {
                close(fd);
                parcel->cut = true;
            }
        }
    }
}

static bool read_frame(int index, uint32_t generation, bool *empty)
{
    static _Alignas(8) char frame[SI_FRAME_MAX];
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(SI_DESCRIPTORS_MAX * sizeof(int))];
    struct iovec part = {frame, sizeof frame};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = CMSG_LEN(SI_DESCRIPTORS_MAX * sizeof(int))};
    struct parcel parcel = {.count = 0};
    ssize_t size = recvmsg(connections[index].fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    bool ok;

    if (size < 0) {
        *empty = errno == EAGAIN || errno == EINTR;
        return *empty;
    }
    take_descriptors(&message, &parcel);
    ok = size > 0 && (message.msg_flags & MSG_TRUNC) == 0 &&
         request_handle(index, generation, frame, (size_t)size, &parcel);
    for (int i = 0; i < parcel.count; i++)
        if (parcel.fds[i] >= 0)
            close(parcel.fds[i]);
    return ok;
}

void serve_ready(uint32_t index, uint32_t generation, uint32_t events)
{
    struct connection *connection = &connections[index];
    bool empty = false;

    if (connection->fd < 0 || (connection->generation & 0xffffff) != generation)
        return;
    if (connection->behind) {
        if (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP))
            drop(connection);
        else
            catch_up(connection);
        return;
    }
    for (int i = 0; i < FRAMES_AT_ONCE && !empty && !connection->behind; i++) {
        if (!read_frame((int)index, connection->generation, &empty))
            drop(connection);
        if (connection->fd < 0) /* here, or because an answer found the peer gone */
            return;
    }
}
