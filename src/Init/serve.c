#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"

#define FRAMES_AT_ONCE 16

/* struct ucred and SO_PEERCRED need _GNU_SOURCE, which the Makefile sets. */
static struct connection connections[SI_CONNECTIONS_MAX] = {{-1, 0}, {-1, 0}, {-1, 0}, {-1, 0}};

/*
 * pid 0 means that the peer's process has no number in this pid namespace, so it is not inside the sandbox, nor in a
 * namespace below it. That holds for a peer that has died as well: its number stays until the socket goes.
 */
static bool is_host(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == 0 && peer.uid == 0;
}

void serve_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (is_host(fd)) {
        for (uint32_t i = 0; i < SI_CONNECTIONS_MAX; i++) {
            struct connection *connection = &connections[i];
            if (connection->fd >= 0)
                continue;
            connection->generation++;
            if (watch_add(fd, EPOLLIN | EPOLLRDHUP, WATCH_CONNECTION, connection->generation, i) != 0)
                break;
            connection->fd = fd;
            return;
        }
    }
    close(fd);
}

static void drop(struct connection *connection)
{
    close_fd(&connection->fd);
}

/* Never waits. A peer that does not read loses its connection; it connects again and asks with LIST. */
static void send_frame(struct connection *connection, uint16_t type, uint32_t seq, const void *body, size_t size)
{
    struct si_header header = {.type = type, .version = SI_VERSION, .seq = seq};
    struct iovec parts[2] = {{&header, sizeof header}, {(void *)(uintptr_t)body, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = size > 0 ? 2 : 1};
    ssize_t sent;

    do
        sent = sendmsg(connection->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        drop(connection);
}

void serve_reply(int index, uint32_t generation, uint16_t type, uint32_t seq, const void *body, size_t size)
{
    if (index >= 0 && connections[index].fd >= 0 && connections[index].generation == generation)
        send_frame(&connections[index], type, seq, body, size);
}

void serve_event(uint16_t type, const void *body, size_t size)
{
    for (int i = 0; i < SI_CONNECTIONS_MAX; i++)
        if (connections[i].fd >= 0)
            send_frame(&connections[i], type, 0, body, size);
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

void serve_read(uint32_t index, uint32_t generation)
{
    struct connection *connection = &connections[index];
    bool empty = false;

    if (connection->fd < 0 || (connection->generation & 0xffffff) != generation)
        return;
    for (int i = 0; i < FRAMES_AT_ONCE && !empty; i++) {
        if (!read_frame((int)index, connection->generation, &empty))
            drop(connection);
        if (connection->fd < 0) /* here, or because a reply found it full */
            return;
    }
}
