/* What the parts of sleigh-init share. One thread, one process, no heap: every table has a fixed size. */
#ifndef SLEIGH_INIT_H
#define SLEIGH_INIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "protocol.h"

#define PUMPS_MAX (2 * SI_RUNNING_MAX + 1024)
#define RLIMITS_COUNT 16

/* The uid and gid of init itself: nobody inside is it, so nobody inside may signal, trace or prlimit it. */
#define INIT_UID_DEFAULT 2147000001U

struct exec {
    struct si_record record;
    int record_fd;
    int status_fd;    /* end of file when execve succeeded; stage and error when the child gave up */
    int hold_fd;      /* the write end of a stdin that outlives the daemon */
    int terminal_fd;  /* the slave, held so that the master never sees a hang-up of its own making */
    int input_pump;   /* index into pumps, or -1 */
    int output_pump[2];
    int requester;    /* connection to answer, or -1 */
    uint32_t requester_generation;
    uint32_t seq;
    uint64_t accepted_monotonic_ns;
    uint64_t order;   /* when it ended, to forget the oldest first */
    uint32_t generation;
    uint8_t owes_end; /* a bit for each connection that has not been told yet */
    bool owes_answer;
    bool used;
};

enum pump_kind {
    PUMP_FREE = 0,
    PUMP_PIPE,     /* a pipe to a spool */
    PUMP_TERMINAL, /* a terminal's master to a spool */
    PUMP_INPUT,    /* the host's stdin pipe to a terminal's master */
    PUMP_LINGER,   /* the pipe of an ended exec, to nowhere */
};

struct pump {
    int source;
    int target;   /* the spool; the master for PUMP_INPUT */
    int exec;
    uint8_t kind;
    uint8_t stream;
    bool waits_for_room; /* PUMP_INPUT: the terminal was full */
    uint32_t generation;
    uint64_t order;
};

/* What an epoll event points at. The generation tells a stale event of a reused slot from a fresh one. */
enum watch_kind { WATCH_LISTENER = 1, WATCH_SIGNALS, WATCH_CONNECTION, WATCH_STATUS, WATCH_PUMP };

/* Descriptors that came with one frame. Whoever takes one sets its place to -1; the rest is closed by the receiver. */
struct parcel {
    int fds[SI_DESCRIPTORS_MAX];
    int count;
    bool cut; /* the kernel could not install all of them */
};

/* setup.c */
extern struct rlimit default_rlimits[RLIMITS_COUNT];
extern uint64_t permitted_capabilities;
extern uint64_t bounding_capabilities;
extern int running_max;
extern int linger_max;
void setup(uint32_t uid);
_Noreturn void die(const char *what);

/* caps.c */
uint64_t caps_permitted(void);
int caps_set(uint64_t effective, uint64_t permitted);
uint64_t caps_bounding(void);
int caps_drop_bounding(uint64_t drop);

/* loop.c */
extern int null_fd;
void loop_init(int listener);
_Noreturn void loop_run(void);
int watch_add(int fd, uint32_t events, enum watch_kind kind, uint32_t generation, uint32_t index);
void watch_change(int fd, uint32_t events, enum watch_kind kind, uint32_t generation, uint32_t index);
void watch_remove(int fd);
void close_fd(int *fd);
uint64_t clock_ns(int clock);

/* serve.c */
extern uint32_t host_uid; /* the host's root as it shows here: 0, or the kernel's overflow uid in a user namespace */
void serve_accept(int listener);
void serve_ready(uint32_t index, uint32_t generation, uint32_t events);
void serve_reply(int index, uint32_t generation, uint16_t type, uint32_t seq, const void *body, size_t size);
void serve_list(int index, uint32_t generation, uint32_t seq);
void serve_answer(struct exec *exec); /* STARTED or FAILED, to whoever asked */
void serve_ended(struct exec *exec);  /* ENDED, to everybody */

/* request.c */
bool request_handle(int connection, uint32_t generation, const void *frame, size_t size, struct parcel *parcel);

/* table.c */
extern struct exec execs[SI_REMEMBERED_MAX];
extern int exec_high; /* one above the highest place in use */
extern int exec_running;
extern int exec_remembered;
int table_add(const char *id);
int table_find(const char *id);
int table_find_pid(pid_t pid);
void table_set_pid(int index, pid_t pid);
void table_ended(int index);
void table_remove(int index);
bool table_valid_id(const char *id);

/* spawn.c */
void spawn_start(int connection, uint32_t generation, uint32_t seq, const struct si_start *start, struct parcel *parcel);
void spawn_status(int index);
void spawn_failed(int index, uint32_t stage, int error);

/* child.c */
struct child_plan {
    const struct si_start *start;
    int payload;
    int root;
    int cgroup;      /* for the kernel without clone3; -1 when the child was born in its cgroup */
    int standard[3]; /* standard[0] -1: /dev/null */
    int status;
    bool terminal;
};
struct child_report {
    uint32_t stage;
    int32_t error;
};
_Noreturn void child_run(const struct child_plan *plan);

/* payload.c */
struct payload {
    const uint32_t *groups;
    const char *cwd;
    char **arguments;
    char **environment;
};
int payload_read(int fd, const struct si_start *start, struct payload *payload);

/* path.c */
int path_execute(char **arguments, char **environment);

/* terminal.c */
int terminal_open(int root, const struct si_start *start, int *master, int *slave);
int terminal_resize(int master, uint16_t rows, uint16_t columns);

/* pump.c */
extern int pump_lingering;
int pump_add(enum pump_kind kind, int source, int target, int exec, uint8_t stream);
void pump_ready(uint32_t index, uint32_t generation, uint32_t events);
void pump_finish(int exec);  /* the exec has ended: stores what is in its pipes now */
void pump_release(int exec); /* and from then on what comes is thrown away */
void pump_close(int index);
struct pump *pump_at(int index);

/* record.c */
void record_begin(struct exec *exec, const struct si_start *start);
void record_write(struct exec *exec);

/* reap.c */
void reap_all(void);
extern bool reap_more;
extern uint64_t reap_count;

/* oom.c */
extern int oom_own_score;
void oom_setup(void);
void oom_restore(void);
int oom_set_own(int score);

/* text.c */
void text_write(int fd, const char *text);
void text_write_number(int fd, uint64_t number);
bool text_parse_number(const char *text, uint64_t limit, uint64_t *number);

/* layout.c */
void layout_print(void);

#endif
