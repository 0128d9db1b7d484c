#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *find_path(char **environment)
{
    for (; *environment != NULL; environment++)
        if (strncmp(*environment, "PATH=", 5) == 0)
            return *environment + 5;
    return DEFAULT_PATH;
}

/* Errors that say "not here", after which the next folder is tried. */
static bool is_absent(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ENAMETOOLONG || error == ELOOP;
}

/* execvpe(3) without its fallback to a shell. Returns the error number, if it returns. */
int path_execute(char **arguments, char **environment)
{
    const char *name = arguments[0];
    const char *folder = find_path(environment);
    size_t name_length = strlen(name);
    int result = ENOENT;
    char candidate[PATH_MAX];

    if (name_length == 0)
        return ENOENT;
    if (strchr(name, '/') != NULL) {
        execve(name, arguments, environment);
        return errno;
    }
    for (;;) {
        size_t length = strcspn(folder, ":");
        if (length + name_length + 2 <= sizeof candidate) {
            char *at = candidate;
            if (length > 0) { /* an empty one is the working directory */
                memcpy(at, folder, length);
                at += length;
                *at++ = '/';
            }
            memcpy(at, name, name_length + 1);
            execve(candidate, arguments, environment);
            if (!is_absent(errno))
                return errno;
            if (errno == EACCES)
                result = EACCES;
        }
        if (folder[length] == '\0')
            return result;
        folder += length + 1;
    }
}
