#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "init.h"

/*
 * Runs in the child, so that init neither grows nor can be hurt by what stands in a payload. The memfd is sealed, and
 * its size was checked: the mapping neither changes nor shrinks.
 */
static const char *next_string(const char **at, const char *end)
{
    const char *string = *at;
    const char *zero = memchr(string, '\0', (size_t)(end - string));

    if (zero == NULL)
        return NULL;
    *at = zero + 1;
    return string;
}

static bool read_strings(const char **at, const char *end, char **to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = (char *)(uintptr_t)next_string(at, end);
        if (to[i] == NULL)
            return false;
    }
    to[count] = NULL;
    return true;
}

int payload_read(int fd, const struct si_start *start, struct payload *payload)
{
    size_t pointers = (size_t)start->argument_count + start->environment_count + 2;
    const char *bytes = mmap(NULL, start->payload_size, PROT_READ, MAP_PRIVATE, fd, 0);
    char **table = mmap(NULL, pointers * sizeof *table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (bytes == MAP_FAILED || table == MAP_FAILED)
        return errno;

    const char *end = bytes + start->payload_size;
    const char *at = bytes + start->group_count * sizeof(uint32_t);
    payload->groups = (const uint32_t *)(const void *)bytes;
    payload->arguments = table;
    payload->environment = table + start->argument_count + 1;
    payload->cwd = next_string(&at, end);
    if (payload->cwd == NULL || !read_strings(&at, end, payload->arguments, start->argument_count) ||
        !read_strings(&at, end, payload->environment, start->environment_count) || at != end)
        return EINVAL;
    return 0;
}
