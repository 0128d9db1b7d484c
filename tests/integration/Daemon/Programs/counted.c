/*
 * Takes things that the kernel counts by user, as many as it is told or can be had, prints how many and why no more, and holds them
 * until /stop is there. "inotify N": instances of inotify. "uts N": namespaces of host names, in a user namespace of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

static int take(int is_uts)
{
    if (!is_uts)
        return inotify_init1(IN_CLOEXEC);
    return unshare(CLONE_NEWUTS) != 0 ? -1 : open("/proc/self/ns/uts", O_RDONLY);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    int is_uts = strcmp(argv[1], "uts") == 0;
    if (is_uts && unshare(CLONE_NEWUSER) != 0) {
        perror("unshare");
        return 1;
    }
    int count = 0, wanted = atoi(argv[2]);
    errno = 0;
    while (count < wanted && take(is_uts) >= 0)
        count++;
    printf("%d %s\n", count, count < wanted ? errno == EMFILE ? "EMFILE" : errno == ENOSPC ? "ENOSPC" : strerror(errno) : "all");
    fflush(stdout);
    while (access("/stop", F_OK) != 0)
        usleep(50000);
    return 0;
}
