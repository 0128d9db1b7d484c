/*
 * The memory of an agent: burst BASE PEAK RAMP_MS HOLD_MS REST_MS [BEFORE_MS]
 * Holds BASE MB, rests for BEFORE_MS, touches a MB after the other until PEAK MB are in use, holds them for HOLD_MS, gives all but BASE
 * back, rests for REST_MS. RAMP_MS spreads the growth over so much time; 0 is as fast as it goes. Time that is lost is never caught up:
 * each MB is due one step after the MB before it was there, so every stall makes the whole longer.
 * Prints one line when all but BASE is given back: what touching the base and growing took, both with the hold and the release, and the
 * longest that one MB took. Rests do not count.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define MB (1024L * 1024)
#define PAGE 4096L

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static void sleep_until(double ms)
{
    struct timespec time = { (time_t)(ms / 1e3), (long)((ms - 1e3 * (time_t)(ms / 1e3)) * 1e6) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) != 0)
        ;
}

static void touch(volatile char *from)
{
    for (long at = 0; at < MB; at += PAGE)
        from[at] = 1;
}

int main(int argc, char **argv)
{
    if (argc != 6 && argc != 7) {
        fprintf(stderr, "usage: burst BASE_MB PEAK_MB RAMP_MS HOLD_MS REST_MS [BEFORE_MS]\n");
        return 2;
    }
    long base = atol(argv[1]), peak = atol(argv[2]);
    double step = atof(argv[3]) / (peak > base ? peak - base : 1);
    char *memory = mmap(NULL, peak * MB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        perror("burst: mmap");
        return 3;
    }
    /* A huge page would take 2 MB at one touch. */
    madvise(memory, peak * MB, MADV_NOHUGEPAGE);

    double begin = now_ms(), longest = 0;
    for (long mb = 0; mb < base; mb++)
        touch(memory + mb * MB);
    double based = now_ms(), before = argc == 7 ? atof(argv[6]) : 0;
    sleep_until(based + before);
    double started = now_ms(), due = started;
    for (long mb = base; mb < peak; mb++) {
        double from = now_ms();
        touch(memory + mb * MB);
        double there = now_ms();
        if (there - from > longest)
            longest = there - from;
        due += step;
        if (due < there)
            due = there;
        else
            sleep_until(due);
    }
    double grown = now_ms();
    sleep_until(grown + atof(argv[4]));
    munmap(memory + base * MB, (peak - base) * MB);
    double end = now_ms();
    printf("base_ms=%.0f ramp_ms=%.0f wall_ms=%.0f longest_ms=%.1f\n", based - begin, grown - started, end - started + based - begin, longest);
    fflush(stdout);
    sleep_until(end + atof(argv[5]));
    return 0;
}
