#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init.h"
#include "kernel.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

/*
 * Opened by the tree's path, so that the terminal's name inside is /dev/pts/N. The tree is the sandbox's to change:
 * what lies there is looked at before it is opened, because opening a device or a fifo can have effects.
 */
static int open_in_tree(int root)
{
    struct k_open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = K_RESOLVE_IN_ROOT | K_RESOLVE_NO_SYMLINKS | K_RESOLVE_NO_MAGICLINKS,
    };
    char name[] = "/proc/self/fd/0000000000";
    char *end = name + sizeof name - 1;
    struct stat status;
    int path, master = -1;

    path = (int)syscall(SYS_openat2, root, "dev/pts/ptmx", &how, sizeof how);
    if (path < 0)
        return -1;
    for (int number = path, i = 0; i < 10; i++, number /= 10)
        *--end = (char)('0' + number % 10);
    /* Leading zeros are no descriptor's name. */
    char *digits = name + sizeof "/proc/self/fd/" - 1;
    int skip = 0;
    while (skip < 9 && digits[skip] == '0')
        skip++;
    for (int i = 0; i + skip < 11; i++)
        digits[i] = digits[i + skip];
    if (fstat(path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(5, 2))
        master = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    close(path);
    return master;
}

int terminal_resize(int terminal, uint16_t rows, uint16_t columns)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};

    return ioctl(terminal, TIOCSWINSZ, &size) == 0 ? 0 : errno;
}

int terminal_open(int root, const struct si_start *start, int *master, int *slave)
{
    int unlock = 0;

    *master = open_in_tree(root);
    if (*master < 0) /* a tree without devices of its own */
        *master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (*master < 0 || ioctl(*master, TIOCSPTLCK, &unlock) != 0)
        return errno;
    /* The peer by descriptor, not by a path that could have been put there. */
    *slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (*slave < 0)
        return errno;
    if (fchown(*slave, start->uid, (gid_t)-1) != 0)
        return errno;
    return terminal_resize(*slave, start->rows, start->columns);
}
