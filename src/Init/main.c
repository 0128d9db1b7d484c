/*
 * sleigh-init: PID 1 of a sandbox's container. It sits on a small read-only root, starts commands in another root that
 * the host hands it by descriptor, keeps what they print, reaps everything, and remembers how they ended. docs/init.md.
 */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "init.h"

/* What programs start with; as many as they may raise it to. */
#define SOFT_FILES 1024

/* Lowered, and never raised: that takes rights over the host. */
static void limit_files(uint64_t most)
{
    struct rlimit files;

    if (most == 0 || getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    if (files.rlim_max > most)
        files.rlim_max = most;
    files.rlim_cur = files.rlim_max < SOFT_FILES ? files.rlim_max : SOFT_FILES;
    setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    uint64_t uid = INIT_UID_DEFAULT, host = 0, files = 0;

    if (argc == 2 && strcmp(argv[1], "--layout") == 0) {
        layout_print();
        return 0;
    }
    /* Three ids in a row are used, and the last two numbers of the range are not uids. */
    while (argc > 2) {
        uint64_t *value = strcmp(argv[1], "--uid") == 0          ? &uid
                          : strcmp(argv[1], "--host-uid") == 0   ? &host
                          : strcmp(argv[1], "--open-files") == 0 ? &files
                                                                 : NULL;
        if (value == NULL || !text_parse_number(argv[2], UINT32_MAX - 4, value) || uid == 0)
            break;
        argc -= 2;
        argv += 2;
    }
    if (argc != 1) {
        text_write(STDERR_FILENO, "usage: sleigh-init [--uid N] [--host-uid N] [--open-files N] | --layout\n");
        return 2;
    }
    if (getpid() != 1) {
        text_write(STDERR_FILENO, "sleigh-init: must be PID 1 of a pid namespace\n");
        return 2;
    }

    host_uid = (uint32_t)host;
    limit_files(files);
    setup((uint32_t)uid);
    loop_run();
}
