#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "init.h"

#define CHILDREN_AT_ONCE 256

/* More may be waiting: a storm of orphans must not keep the loop from its other work. */
bool reap_more;
uint64_t reap_count;

static uint64_t microseconds(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000ULL + (uint64_t)time.tv_usec;
}

static void fill_usage(struct si_usage *to, const struct rusage *from)
{
    to->user_us = microseconds(from->ru_utime);
    to->system_us = microseconds(from->ru_stime);
    to->max_rss_kib = (uint64_t)from->ru_maxrss;
    to->minor_faults = (uint64_t)from->ru_minflt;
    to->major_faults = (uint64_t)from->ru_majflt;
    to->blocks_read = (uint64_t)from->ru_inblock;
    to->blocks_written = (uint64_t)from->ru_oublock;
    to->voluntary_switches = (uint64_t)from->ru_nvcsw;
    to->involuntary_switches = (uint64_t)from->ru_nivcsw;
}

static void finish(int index, int status, const struct rusage *usage)
{
    struct exec *exec = &execs[index];
    struct si_record *record = &exec->record;

    /* Its descriptors were closed before it became a zombie, so the pipe has either a report or its end. */
    spawn_status(index);
    if (record->stage != SI_STAGE_NONE) {
        record->pid = 0;
        spawn_failed(index, record->stage, record->error);
        return;
    }

    pump_finish(index);
    record->state = SI_STATE_ENDED;
    record->ended_ns = clock_ns(CLOCK_REALTIME);
    record->wall_ns = clock_ns(CLOCK_MONOTONIC) - exec->accepted_monotonic_ns;
    record->wait_status = status;
    fill_usage(&record->usage, usage);
    record_write(exec);
    table_ended(index);
    serve_ended(exec);

    pump_release(index);
    close_fd(&exec->hold_fd);
    close_fd(&exec->terminal_fd);
    close_fd(&exec->record_fd);
    oom_restore();
}

void reap_all(void)
{
    struct rusage usage;
    int status;

    reap_more = false;
    for (int i = 0; i < CHILDREN_AT_ONCE; i++) {
        pid_t pid = wait4(-1, &status, WNOHANG, &usage);
        if (pid <= 0)
            return;
        reap_count++;
        int index = table_find_pid(pid);
        if (index >= 0)
            finish(index, status, &usage);
    }
    reap_more = true;
}
