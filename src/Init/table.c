#include <string.h>

#include "init.h"

struct exec execs[SI_REMEMBERED_MAX];
int exec_high;
int exec_running;
int exec_remembered;

/* Apart from the table, so that looking for a pid walks 4 KiB and not all of it. */
static int32_t pids[SI_REMEMBERED_MAX];
static uint64_t ended_counter;

bool table_valid_id(const char *id)
{
    size_t length = 0;

    while (length < SI_ID_SIZE && id[length] != '\0') {
        char c = id[length++];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'))
            return false;
    }
    if (length == 0 || length == SI_ID_SIZE)
        return false;
    for (size_t i = length; i < SI_ID_SIZE; i++)
        if (id[i] != '\0')
            return false;
    return true;
}

/* The host has the oldest one's record on disk, and a host that cares has forgotten it long ago. */
static void forget_oldest(void)
{
    int oldest = -1;

    for (int i = 0; i < exec_high; i++)
        if (execs[i].used && execs[i].order != 0 && (oldest < 0 || execs[i].order < execs[oldest].order))
            oldest = i;
    if (oldest >= 0)
        table_remove(oldest);
}

int table_add(const char *id)
{
    int index = 0;

    if (exec_running >= running_max)
        return -1;
    if (exec_remembered == SI_REMEMBERED_MAX)
        forget_oldest();
    while (index < SI_REMEMBERED_MAX && execs[index].used)
        index++;
    if (index == SI_REMEMBERED_MAX)
        return -1;

    struct exec *exec = &execs[index];
    uint32_t generation = exec->generation;
    memset(exec, 0, sizeof *exec);
    exec->generation = generation + 1;
    exec->used = true;
    exec->record_fd = exec->status_fd = exec->hold_fd = exec->terminal_fd = -1;
    exec->input_pump = exec->output_pump[0] = exec->output_pump[1] = -1;
    exec->requester = -1;
    memcpy(exec->record.exec_id, id, SI_ID_SIZE);
    pids[index] = 0;
    exec_running++;
    exec_remembered++;
    if (index >= exec_high)
        exec_high = index + 1;
    return index;
}

int table_find(const char *id)
{
    for (int i = 0; i < exec_high; i++)
        if (execs[i].used && memcmp(execs[i].record.exec_id, id, SI_ID_SIZE) == 0)
            return i;
    return -1;
}

int table_find_pid(pid_t pid)
{
    for (int i = 0; i < exec_high; i++)
        if (pids[i] == pid)
            return i;
    return -1;
}

void table_set_pid(int index, pid_t pid)
{
    pids[index] = pid;
}

void table_ended(int index)
{
    pids[index] = 0;
    execs[index].order = ++ended_counter;
    exec_running--;
}

void table_remove(int index)
{
    execs[index].used = false;
    pids[index] = 0;
    exec_remembered--;
    while (exec_high > 0 && !execs[exec_high - 1].used)
        exec_high--;
}
