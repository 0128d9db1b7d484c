/*
 * Projects of XFS and ext4, which disk limits are made of.
 *   show PATH     prints the project of a file
 *   try PATH      tries to take a directory out of its project, and prints of each way whether it was refused
 *   limits PATH   prints how many projects of Sleigh's have a limit; outside of sandboxes
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define GET_ATTRIBUTES 0x801C581FUL
#define SET_ATTRIBUTES 0x401C5820UL
#define GET_FLAGS 0x80086601UL
#define SET_FLAGS 0x40086602UL
#define SET_FLAGS_32 0x40046602UL
#define INHERIT 0x20000000L
#define FIRST 0x534C0000u
#define COUNT (1u << 20)

static void tell(const char *what, long result)
{
    printf("%s: %s\n", what, result == 0 ? "done" : "refused");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int file = argc == 3 ? open(argv[2], O_RDONLY) : -1;
    uint32_t attributes[7] = {0};

    if (file < 0)
        return 2;
    if (strcmp(argv[1], "limits") == 0) {
        uint64_t quota[14];
        unsigned next = FIRST, found = 0;

        for (; memset(quota, 0, sizeof quota), syscall(443, file, (('X' << 8 | 9) << 8) | 2, next, quota) == 0; next++) {
            next = (uint32_t)(quota[0] >> 32);
            if (next - FIRST >= COUNT)
                break;
            found += quota[1] != 0;
        }
        printf("%u\n", found);
        return 0;
    }
    if (ioctl(file, GET_ATTRIBUTES, attributes) != 0)
        return 3;
    if (strcmp(argv[1], "show") == 0) {
        printf("%x\n", attributes[3]);
        return 0;
    }

    long flags = 0;
    struct { uint64_t flags; uint32_t extent, extents, project, cow; } named = {0};

    attributes[0] = 0;
    attributes[3] = 7;
    tell("set project", syscall(SYS_ioctl, file, SET_ATTRIBUTES, attributes));
    tell("set project, more bits", syscall(SYS_ioctl, file, SET_ATTRIBUTES | 1UL << 40, attributes));
    tell("set project by name", syscall(469, AT_FDCWD, argv[2], &named, sizeof named, 0));
    if (ioctl(file, GET_FLAGS, &flags) != 0)
        return 4;
    flags &= ~INHERIT;
    tell("clear inheritance", syscall(SYS_ioctl, file, SET_FLAGS, &flags));
    tell("clear inheritance, 32 bits", syscall(SYS_ioctl, file, SET_FLAGS_32, &flags));
    if (unshare(CLONE_NEWUSER) != 0)
        return 5;
    tell("in a user namespace", syscall(SYS_ioctl, file, SET_ATTRIBUTES, attributes));
    return 0;
}
