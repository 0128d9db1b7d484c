#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "init.h"
#include "kernel.h"

uint64_t caps_permitted(void)
{
    struct k_capability_header header = {.version = K_CAPABILITY_VERSION_3};
    struct k_capability_data data[2] = {{0}, {0}};

    if (syscall(SYS_capget, &header, data) != 0)
        return 0;
    return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

/* Inheritable is always emptied: at execve it would be added to what root gets. */
int caps_set(uint64_t effective, uint64_t permitted)
{
    struct k_capability_header header = {.version = K_CAPABILITY_VERSION_3};
    struct k_capability_data data[2] = {
        {.effective = (uint32_t)effective, .permitted = (uint32_t)permitted},
        {.effective = (uint32_t)(effective >> 32), .permitted = (uint32_t)(permitted >> 32)},
    };

    return syscall(SYS_capset, &header, data) == 0 ? 0 : errno;
}

/* PR_CAPBSET_READ fails with EINVAL above the kernel's last capability. */
uint64_t caps_bounding(void)
{
    uint64_t bounding = 0;

    for (unsigned long cap = 0; cap < 64; cap++)
        if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
            bounding |= 1ULL << cap;
    return bounding;
}

int caps_drop_bounding(uint64_t drop)
{
    for (unsigned long cap = 0; cap < 64; cap++)
        if ((drop >> cap & 1) != 0 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
            return errno;
    return 0;
}
