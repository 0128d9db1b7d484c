/* Kernel facts that musl's headers do not have. The numbers are the kernel's stable ABI (include/uapi/linux). */
#ifndef SLEIGH_KERNEL_H
#define SLEIGH_KERNEL_H

#include <stdint.h>
#include <sys/syscall.h>

/* linux/sched.h; clone3 is 5.3, CLONE_INTO_CGROUP 5.7. */
#define K_CLONE_INTO_CGROUP 0x200000000ULL

struct k_clone_args {
    uint64_t flags;
    uint64_t pidfd;
    uint64_t child_tid;
    uint64_t parent_tid;
    uint64_t exit_signal;
    uint64_t stack;
    uint64_t stack_size;
    uint64_t tls;
    uint64_t set_tid;
    uint64_t set_tid_size;
    uint64_t cgroup;
};

/* linux/capability.h */
#define K_CAPABILITY_VERSION_3 0x20080522
#define K_CAP_CHOWN 0
#define K_CAP_DAC_OVERRIDE 1
#define K_CAP_FOWNER 3
#define K_CAP_KILL 5
#define K_CAP_SETGID 6
#define K_CAP_SETUID 7
#define K_CAP_SETPCAP 8
#define K_CAP_SYS_CHROOT 18

struct k_capability_header {
    uint32_t version;
    int32_t pid;
};

struct k_capability_data {
    uint32_t effective;
    uint32_t permitted;
    uint32_t inheritable;
};

/* linux/filter.h, linux/seccomp.h */
struct k_sock_filter {
    uint16_t code;
    uint8_t jt;
    uint8_t jf;
    uint32_t k;
};

struct k_sock_fprog {
    uint16_t len;
    const struct k_sock_filter *filter;
};

#define K_BPF_LD_W_ABS 0x20
#define K_BPF_ALU_AND_K 0x54
#define K_BPF_JMP_JEQ_K 0x15
#define K_BPF_RET_K 0x06
#define K_SECCOMP_RET_ERRNO 0x00050000U
#define K_SECCOMP_RET_ALLOW 0x7fff0000U
#define K_X32_BIT 0x40000000U

/* linux/openat2.h; 5.6 */
#define K_RESOLVE_NO_MAGICLINKS 0x02
#define K_RESOLVE_NO_SYMLINKS 0x04
#define K_RESOLVE_IN_ROOT 0x10

struct k_open_how {
    uint64_t flags;
    uint64_t mode;
    uint64_t resolve;
};

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

#endif
