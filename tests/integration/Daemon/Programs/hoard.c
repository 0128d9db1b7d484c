/*
 * Opens files until no more can be had, in as many processes as it is told, prints how many each got, and holds them until
 * /stop is there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void hoard(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_max += 1;
    int raised = setrlimit(RLIMIT_NOFILE, &limit) == 0;
    long count = 0;
    while (open("/dev/null", O_RDONLY) >= 0)
        count++;
    printf("%ld %d %s\n", count, errno, raised ? "raised" : "held");
    fflush(stdout);
    while (access("/stop", F_OK) != 0)
        usleep(50000);
}

int main(int argc, char **argv)
{
    int processes = argc > 1 ? atoi(argv[1]) : 1;
    for (int i = 0; i < processes; i++)
        if (fork() == 0) {
            hoard();
            _exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}
