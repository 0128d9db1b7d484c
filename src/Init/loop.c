#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define EVENTS_AT_ONCE 32

int null_fd = -1;
static int epoll_fd = -1;
static int signal_fd = -1;
static int listener_fd = -1;

static uint64_t token(enum watch_kind kind, uint32_t generation, uint32_t index)
{
    return (uint64_t)kind << 56 | (uint64_t)(generation & 0xffffff) << 32 | index;
}

int watch_add(int fd, uint32_t events, enum watch_kind kind, uint32_t generation, uint32_t index)
{
    struct epoll_event event = {.events = events, .data.u64 = token(kind, generation, index)};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

void watch_change(int fd, uint32_t events, enum watch_kind kind, uint32_t generation, uint32_t index)
{
    struct epoll_event event = {.events = events, .data.u64 = token(kind, generation, index)};

    epoll_ctl(epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

void watch_remove(int fd)
{
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

/*
 * epoll watches open file descriptions: a child that has not come to its close_range yet keeps the description open,
 * so closing alone would leave the watch in place for a moment.
 */
void close_fd(int *fd)
{
    if (*fd < 0)
        return;
    if (epoll_fd >= 0)
        watch_remove(*fd);
    close(*fd);
    *fd = -1;
}

uint64_t clock_ns(int clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

void loop_init(int listener)
{
    sigset_t chld;

    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    listener_fd = listener;
    signal_fd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_fd < 0)
        die("make the signalfd");
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        die("make the epoll");
    if (watch_add(listener, EPOLLIN, WATCH_LISTENER, 0, 0) != 0 ||
        watch_add(signal_fd, EPOLLIN, WATCH_SIGNALS, 0, 0) != 0)
        die("watch the socket");
}

static void read_signals(void)
{
    struct signalfd_siginfo info;

    while (read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info)
        ;
    reap_all();
}

static void dispatch(const struct epoll_event *event)
{
    uint32_t index = (uint32_t)event->data.u64;
    uint32_t generation = (uint32_t)(event->data.u64 >> 32) & 0xffffff;

    switch ((enum watch_kind)(event->data.u64 >> 56)) {
    case WATCH_LISTENER:
        serve_accept(listener_fd);
        break;
    case WATCH_SIGNALS:
        read_signals();
        break;
    case WATCH_CONNECTION:
        serve_ready(index, generation, event->events);
        break;
    case WATCH_STATUS:
        if (execs[index].used && (execs[index].generation & 0xffffff) == generation)
            spawn_status((int)index);
        break;
    case WATCH_PUMP:
        pump_ready(index, generation, event->events);
        break;
    }
}

_Noreturn void loop_run(void)
{
    struct epoll_event events[EVENTS_AT_ONCE];

    for (;;) {
        int count = epoll_wait(epoll_fd, events, EVENTS_AT_ONCE, reap_more ? 0 : -1);
        if (count < 0 && errno != EINTR)
            die("wait for events");
        for (int i = 0; i < count; i++)
            dispatch(&events[i]);
        if (reap_more)
            reap_all();
    }
}
