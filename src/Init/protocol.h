/*
 * The wire between the host and sleigh-init, and the layout of the record file. docs/init.md says the same in words;
 * src/Runtime/Init/InitProtocol.cs mirrors it, and a test compares the two through `sleigh-init --layout`.
 *
 * Transport: SOCK_SEQPACKET, so one send is one frame. All numbers are in the byte order of the machine. A frame is
 * a header and exactly one body; nothing may follow it. Reserved fields are zero.
 */
#ifndef SLEIGH_PROTOCOL_H
#define SLEIGH_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

#define SI_VERSION 1
#define SI_SOCKET_PATH "/run/sleigh/init.sock"
#define SI_FRAME_MAX 4096
#define SI_ID_SIZE 32 /* at most 31 characters of [A-Za-z0-9_-], then zeros to the end of the field */
#define SI_PAYLOAD_MAX (1024 * 1024)
#define SI_ARGUMENTS_MAX 4096
#define SI_ENVIRONMENT_MAX 4096
#define SI_GROUPS_MAX 256
#define SI_RUNNING_MAX 512     /* execs starting or running at one time */
#define SI_REMEMBERED_MAX 1024 /* execs in the table: running, ended and failed ones */
#define SI_CONNECTIONS_MAX 4
#define SI_RING_SIZE 65536       /* bytes of the spool behind its cap, which hold the tail of longer output */
#define SI_RING_CHUNK 16384      /* the ring is never further ahead of the record's total than this */
#define SI_DESCRIPTORS_MAX 8     /* of one START */
#define SI_SPOOL_CAP_MAX (1ULL << 40)
#define SI_LIST_ENTRIES 100      /* entries of one LISTED frame */
#define SI_HELD_MAX (1024 * 1024)
#define SI_PIECE_MAX 2048        /* bytes of one PIECE frame */

enum si_type {
    SI_START = 1,
    SI_LIST = 2,
    SI_FORGET = 3,
    SI_SIGNAL = 4,
    SI_RESIZE = 5,
    SI_PING = 6,
    SI_RECORD = 7,
    SI_END_INPUT = 8,
    SI_HOLD = 9,
    SI_HELD = 10,

    SI_STARTED = 101,
    SI_FAILED = 102,
    SI_LISTED = 103,
    SI_DONE = 104,
    SI_PONG = 106,
    SI_RECORDED = 107,
    SI_PIECE = 108,

    SI_ENDED = 201, /* an event: sent to every connection, seq 0 */
};

enum si_flag {
    SI_FLAG_TERMINAL = 1, /* stdin, stdout and stderr are one terminal; there is no stderr spool */
    SI_FLAG_STDIN = 2,    /* a stdin descriptor is passed; without it stdin is /dev/null (an idle terminal with TERMINAL) */
    SI_FLAG_CGROUP = 4,   /* a cgroup v2 directory is passed; without it the command stays in init's cgroup */
    SI_FLAG_HOLD = 8,     /* a fifo's write end is passed and kept open, so that stdin outlives the host's own; needs STDIN */
    SI_FLAGS_ALL = 15,
};

enum si_state {
    SI_STATE_STARTING = 1,
    SI_STATE_RUNNING = 2,
    SI_STATE_ENDED = 3,
    SI_STATE_FAILED = 4, /* never ran: see the record's stage and error */
};

/* Where a start failed. The error number beside it is the one of that step. */
enum si_stage {
    SI_STAGE_NONE = 0,
    SI_STAGE_REQUEST = 1,     /* a value of the request, or an id that is in use (EEXIST) */
    SI_STAGE_LIMIT = 2,       /* too many execs at one time */
    SI_STAGE_DESCRIPTORS = 3, /* a passed descriptor is not what it must be */
    SI_STAGE_PAYLOAD = 4,
    SI_STAGE_PIPES = 5,
    SI_STAGE_TERMINAL = 6,
    SI_STAGE_CLONE = 7,
    SI_STAGE_CGROUP = 8,
    SI_STAGE_OOM_SCORE = 9,
    SI_STAGE_ROOT = 10,
    SI_STAGE_SESSION = 11,
    SI_STAGE_STDIO = 12,
    SI_STAGE_RLIMITS = 13,
    SI_STAGE_CAPABILITIES = 14,
    SI_STAGE_GROUPS = 15,
    SI_STAGE_USER = 16,
    SI_STAGE_SECCOMP = 17,
    SI_STAGE_CWD = 18,
    SI_STAGE_EXEC = 19,
};

struct si_header {
    uint16_t type;
    uint16_t version;
    uint32_t seq; /* chosen by the host; every reply carries its request's */
};

/*
 * START. Descriptors by SCM_RIGHTS, in this order: payload memfd (sealed against write, grow and shrink), tree root
 * directory, [cgroup directory], [stdin], [hold], stdout spool, [stderr spool], record file.
 *
 * Payload, payload_size bytes: group_count numbers of 32 bits, then strings that each end in a zero byte: the working
 * directory, argument_count arguments, environment_count NAME=value pairs. Nothing may follow.
 */
struct si_start {
    char exec_id[SI_ID_SIZE];
    uint32_t flags;
    uint32_t uid;
    uint32_t gid;
    int32_t oom_score_adj;
    uint64_t capabilities; /* bit n is capability number n */
    uint64_t spool_cap;    /* bytes of each stream that are kept from the beginning */
    uint32_t payload_size;
    uint16_t rows;
    uint16_t columns;
    uint16_t group_count;
    uint16_t argument_count;
    uint16_t environment_count;
    uint16_t reserved;
};

/* HOLD. With a size above 0 comes one descriptor, a memfd of that size, sealed like a payload; with 0 none, and what was held is dropped. */
struct si_hold {
    uint32_t size;
    uint32_t reserved;
};

/* HELD: asks for what is held from this byte on. */
struct si_held {
    uint32_t offset;
    uint32_t reserved;
};

/* FORGET, RECORD, END_INPUT. LIST and PING have no body. */
struct si_name {
    char exec_id[SI_ID_SIZE];
};

struct si_signal {
    char exec_id[SI_ID_SIZE];
    int32_t number;
    uint32_t reserved;
};

struct si_resize {
    char exec_id[SI_ID_SIZE];
    uint16_t rows;
    uint16_t columns;
    uint32_t reserved;
};

struct si_started {
    char exec_id[SI_ID_SIZE];
    int32_t pid; /* as seen inside the sandbox */
    uint32_t reserved;
};

struct si_failed {
    char exec_id[SI_ID_SIZE];
    uint32_t stage;
    int32_t error;
};

/* DONE answers FORGET, SIGNAL, RESIZE, END_INPUT, HOLD, RECORD of an id that is not known, and HELD of nothing: 0 or an error number. */
struct si_done {
    int32_t error;
    uint32_t reserved;
};

struct si_list_entry {
    char exec_id[SI_ID_SIZE];
    uint32_t state;
    int32_t pid;
};

/* LISTED carries as many entries as count says; while more is not 0, another LISTED of the same seq follows. */
struct si_listed {
    uint32_t count;
    uint32_t more;
    struct si_list_entry entries[SI_LIST_ENTRIES];
};

enum si_feature {
    SI_FEATURE_HOLD = 1, /* HOLD and HELD */
};

struct si_pong {
    uint32_t running;    /* execs starting or running */
    uint32_t remembered; /* execs in the table */
    uint32_t lingering;  /* output pipes of ended execs that left-behind processes still hold */
    uint32_t features;   /* enum si_feature; a program of before had 0 here, and closes the connection on what it does not know */
    uint64_t reaped;     /* processes reaped since the start */
};

/* PIECE: size is that of all that is held, count that of the piece, which is sent with as many bytes as that says. */
struct si_piece {
    uint32_t size;
    uint32_t count;
    char data[SI_PIECE_MAX];
};

/*
 * The record file, and the body of ENDED and RECORDED. One pwrite(2) at offset 0 writes all of it. The generation
 * stands at both ends and grows with each write: a reader that finds two different ones reads again.
 */
#define SI_RECORD_MAGIC 0x43455253 /* "SREC" */

struct si_stream {
    uint64_t total;   /* bytes the command wrote, all of them */
    uint64_t dropped; /* of those, bytes that could not be stored (disk full); they read as zeros */
};

struct si_usage { /* getrusage(2) of the main process and the children it waited for */
    uint64_t user_us;
    uint64_t system_us;
    uint64_t max_rss_kib;
    uint64_t minor_faults;
    uint64_t major_faults;
    uint64_t blocks_read;    /* of 512 bytes */
    uint64_t blocks_written; /* of 512 bytes */
    uint64_t voluntary_switches;
    uint64_t involuntary_switches;
};

struct si_record {
    uint32_t magic;
    uint16_t version;
    uint16_t size;
    uint32_t generation;
    uint32_t state;
    char exec_id[SI_ID_SIZE];
    int32_t pid;
    uint32_t flags;
    uint64_t accepted_ns; /* CLOCK_REALTIME when START was read */
    uint64_t running_ns;  /* CLOCK_REALTIME when execve(2) had succeeded */
    uint64_t ended_ns;    /* CLOCK_REALTIME when the main process was reaped */
    uint64_t wall_ns;     /* CLOCK_MONOTONIC from accepted to ended */
    int32_t wait_status;  /* as wait(2) gives it */
    uint32_t stage;
    int32_t error;
    uint32_t reserved;
    uint64_t spool_cap;
    struct si_stream streams[2]; /* stdout, stderr */
    struct si_usage usage;
    uint32_t reserved_tail;
    uint32_t generation_tail;
};

_Static_assert(sizeof(struct si_header) == 8, "header");
_Static_assert(sizeof(struct si_start) == 80, "start");
_Static_assert(sizeof(struct si_record) == 224, "record");
_Static_assert(sizeof(struct si_header) + sizeof(struct si_listed) <= SI_FRAME_MAX, "listed");
_Static_assert(sizeof(struct si_header) + sizeof(struct si_piece) <= SI_FRAME_MAX, "piece");

#endif
