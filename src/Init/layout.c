#include <unistd.h>

#include "init.h"

/* "struct member offset size", one per line, for the test that compares it with the host's side. */
static void line(const char *structure, const char *member, size_t offset, size_t size)
{
    text_write(STDOUT_FILENO, structure);
    text_write(STDOUT_FILENO, " ");
    text_write(STDOUT_FILENO, member);
    text_write(STDOUT_FILENO, " ");
    text_write_number(STDOUT_FILENO, offset);
    text_write(STDOUT_FILENO, " ");
    text_write_number(STDOUT_FILENO, size);
    text_write(STDOUT_FILENO, "\n");
}

#define WHOLE(s) line(#s, "*", 0, sizeof(struct s))
#define MEMBER(s, m) line(#s, #m, offsetof(struct s, m), sizeof(((struct s *)0)->m))
#define NUMBER(n) line("constant", #n, n, 0)

static void requests(void)
{
    WHOLE(si_header);
    MEMBER(si_header, type);
    MEMBER(si_header, version);
    MEMBER(si_header, seq);
    WHOLE(si_start);
    MEMBER(si_start, exec_id);
    MEMBER(si_start, flags);
    MEMBER(si_start, uid);
    MEMBER(si_start, gid);
    MEMBER(si_start, oom_score_adj);
    MEMBER(si_start, capabilities);
    MEMBER(si_start, spool_cap);
    MEMBER(si_start, payload_size);
    MEMBER(si_start, rows);
    MEMBER(si_start, columns);
    MEMBER(si_start, group_count);
    MEMBER(si_start, argument_count);
    MEMBER(si_start, environment_count);
    WHOLE(si_name);
    WHOLE(si_signal);
    MEMBER(si_signal, number);
    WHOLE(si_hold);
    MEMBER(si_hold, size);
    WHOLE(si_held);
    MEMBER(si_held, offset);
    WHOLE(si_resize);
    MEMBER(si_resize, rows);
    MEMBER(si_resize, columns);
}

static void replies(void)
{
    WHOLE(si_started);
    MEMBER(si_started, pid);
    WHOLE(si_failed);
    MEMBER(si_failed, stage);
    MEMBER(si_failed, error);
    WHOLE(si_done);
    MEMBER(si_done, error);
    WHOLE(si_list_entry);
    MEMBER(si_list_entry, state);
    MEMBER(si_list_entry, pid);
    MEMBER(si_listed, count);
    MEMBER(si_listed, more);
    MEMBER(si_listed, entries);
    WHOLE(si_pong);
    MEMBER(si_pong, running);
    MEMBER(si_pong, remembered);
    MEMBER(si_pong, lingering);
    MEMBER(si_pong, features);
    MEMBER(si_pong, reaped);
    MEMBER(si_piece, size);
    MEMBER(si_piece, count);
    MEMBER(si_piece, data);
}

static void record(void)
{
    WHOLE(si_record);
    MEMBER(si_record, magic);
    MEMBER(si_record, version);
    MEMBER(si_record, size);
    MEMBER(si_record, generation);
    MEMBER(si_record, state);
    MEMBER(si_record, exec_id);
    MEMBER(si_record, pid);
    MEMBER(si_record, flags);
    MEMBER(si_record, accepted_ns);
    MEMBER(si_record, running_ns);
    MEMBER(si_record, ended_ns);
    MEMBER(si_record, wall_ns);
    MEMBER(si_record, wait_status);
    MEMBER(si_record, stage);
    MEMBER(si_record, error);
    MEMBER(si_record, spool_cap);
    MEMBER(si_record, streams);
    MEMBER(si_record, usage);
    MEMBER(si_record, generation_tail);
}

static void constants(void)
{
    NUMBER(SI_VERSION);
    NUMBER(SI_FRAME_MAX);
    NUMBER(SI_ID_SIZE);
    NUMBER(SI_PAYLOAD_MAX);
    NUMBER(SI_ARGUMENTS_MAX);
    NUMBER(SI_ENVIRONMENT_MAX);
    NUMBER(SI_GROUPS_MAX);
    NUMBER(SI_RING_SIZE);
    NUMBER(SI_RING_CHUNK);
    NUMBER(SI_RECORD_MAGIC);
    NUMBER(SI_STAGE_EXEC);
    NUMBER(SI_ENDED);
    NUMBER(SI_HELD_MAX);
    NUMBER(SI_PIECE_MAX);
    NUMBER(SI_FEATURE_HOLD);
}

void layout_print(void)
{
    requests();
    replies();
    record();
    constants();
}
