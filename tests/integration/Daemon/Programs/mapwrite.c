/* Stores each byte that comes from a pipe into a mapped file, and nothing else: no write(2), no msync(2). */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int file = argc == 3 ? open(argv[1], O_RDWR) : -1;
    int pipe = argc == 3 ? open(argv[2], O_RDWR) : -1;
    volatile char *map = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    char byte;

    if (file < 0 || pipe < 0 || map == MAP_FAILED)
        return 1;
    if (write(1, "mapped\n", 7) != 7)
        return 2;
    while (read(pipe, &byte, 1) == 1)
        *map = byte;
    return 0;
}
