/*
 * pairs write|map|rename FOLDER: counts up in two files, always in FOLDER/a first and in FOLDER/b next, so that at any one moment a is as
 * far as b or one ahead. Ends when there is /stop, and prints how far it came.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *folder;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int open_at(const char *name)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0)
        fail(path);
    return file;
}

static void put(int file, uint64_t count)
{
    if (pwrite(file, &count, sizeof count, 0) != sizeof count)
        fail("pwrite");
}

static void put_renamed(const char *name, uint64_t count)
{
    char from[300], to[300];
    snprintf(from, sizeof from, "%s/%s.new", folder, name);
    snprintf(to, sizeof to, "%s/%s", folder, name);
    int file = open(from, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0)
        fail(from);
    put(file, count);
    close(file);
    if (rename(from, to) != 0)
        fail(to);
}

static volatile uint64_t *map(int file)
{
    put(file, 0);
    void *memory = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    return memory;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int is_map = strcmp(argv[1], "map") == 0, is_rename = strcmp(argv[1], "rename") == 0;
    folder = argv[2];
    int a = -1, b = -1;
    volatile uint64_t *in_a = 0, *in_b = 0;
    if (!is_rename) {
        a = open_at("a");
        b = open_at("b");
    }
    if (is_map) {
        in_a = map(a);
        in_b = map(b);
    }
    uint64_t count = 0;
    while (access("/stop", F_OK) != 0) {
        count++;
        /* As long between the two as behind them, so that half of all moments are between. */
        if (is_map)
            *in_a = count;
        else if (is_rename)
            put_renamed("a", count);
        else
            put(a, count);
        usleep(50);
        if (is_map)
            *in_b = count;
        else if (is_rename)
            put_renamed("b", count);
        else
            put(b, count);
        usleep(50);
    }
    printf("%llu\n", (unsigned long long)count);
    return 0;
}
