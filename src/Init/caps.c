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

int caps_drop_bounding(uint64_t keep)
{
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
        return errno;
    for (unsigned long cap = 0; cap < 64; cap++) {
        if (keep >> cap & 1)
            continue;
        /* PR_CAPBSET_READ fails with EINVAL above the kernel's last capability. */
        int has = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
        if (has < 0)
            break;
        if (has == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0)
            return errno;
    }
    return 0;
}
