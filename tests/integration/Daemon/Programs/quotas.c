/* Tries what an administrator of btrfs quotas would do, and says of each whether it was refused. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int main(void)
{
    int root = open("/", O_RDONLY);
    uint64_t off[2] = {2, 0};
    uint64_t none[6] = {0, 1, UINT64_MAX, 0, 0, 0};
    static char own[4096];

    strcpy(own + 56, "own");
    printf("quotas off: %s\n", ioctl(root, 0xC0109428UL, off) ? "refused" : "done");
    printf("limit off: %s\n", ioctl(root, 0x8030942BUL, none) ? "refused" : "done");
    printf("subvolume: %s\n", ioctl(root, 0x50009418UL, own) ? "refused" : "done");
    return 0;
}
