#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

void record_begin(struct exec *exec, const struct si_start *start)
{
    struct si_record *record = &exec->record;

    memset(record, 0, sizeof *record);
    record->magic = SI_RECORD_MAGIC;
    record->version = SI_VERSION;
    record->size = sizeof *record;
    record->state = SI_STATE_STARTING;
    memcpy(record->exec_id, start->exec_id, sizeof record->exec_id);
    record->flags = start->flags;
    record->accepted_ns = clock_ns(CLOCK_REALTIME);
    record->spool_cap = start->spool_cap;
    exec->accepted_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
}

/*
 * Never through a mapping: a page of a full disk would be SIGBUS, the end of PID 1 and of the sandbox. A write that
 * fails is not repeated here; the host finds the same figures in ENDED, or asks with RECORD.
 */
void record_write(struct exec *exec)
{
    if (exec->record_fd < 0)
        return;
    exec->record.generation++;
    exec->record.generation_tail = exec->record.generation;
    ssize_t ignored = pwrite(exec->record_fd, &exec->record, sizeof exec->record, 0);
    (void)ignored;
}
