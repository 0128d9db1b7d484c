#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

/*
 * /proc/1/oom_score_adj belongs to root and its mode lets root inside the sandbox raise init's score, so that the
 * kernel would end init first. Coming back down to the score that the container runtime gave needs no capability
 * (the kernel keeps that score as oom_score_adj_min), so init puts it back at each start and end of an exec.
 */
int oom_own_score;
static int own_fd = -1;

static int parse(const char *text)
{
    bool negative = *text == '-';
    int value = 0;

    for (text += negative; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (*text - '0');
    return negative ? -value : value;
}

static size_t format(char *text, int value)
{
    char digits[8];
    size_t count = 0, length = 0;
    unsigned int rest = (unsigned int)(value < 0 ? -value : value);

    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0 && count < sizeof digits);
    if (value < 0)
        text[length++] = '-';
    while (count > 0)
        text[length++] = digits[--count];
    return length;
}

static bool read_own(int *score)
{
    char text[16];
    ssize_t n = pread(own_fd, text, sizeof text - 1, 0);

    if (n <= 0)
        return false;
    text[n] = '\0';
    *score = parse(text);
    return true;
}

void oom_setup(void)
{
    own_fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    if (own_fd < 0) /* the container's spec may have made /proc/1 read-only, which is as good */
        own_fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    if (own_fd < 0 || !read_own(&oom_own_score))
        die("read /proc/self/oom_score_adj");
}

void oom_restore(void)
{
    char text[16];
    int now;

    if (read_own(&now) && now != oom_own_score) {
        ssize_t ignored = pwrite(own_fd, text, format(text, oom_own_score), 0);
        (void)ignored;
    }
}

/* In a child, before it changes its root: the score of the calling process. */
int oom_set_own(int score)
{
    char text[16];
    int fd, error = 0;
    size_t length;

    if (score == oom_own_score)
        return 0;
    fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    length = format(text, score);
    if (write(fd, text, length) != (ssize_t)length)
        error = errno;
    close(fd);
    return error;
}
