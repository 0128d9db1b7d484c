/* Says who it is; with a second argument, reads a file and ends with its first byte as status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    printf("hello from %s, uid %d, %d arguments", argv[0], (int)getuid(), argc);
    for (int i = 1; i < argc; i++)
        printf(" [%s]", argv[i]);
    printf("\n");
    if (argc == 3 && strcmp(argv[1], "exit") == 0)
        return atoi(argv[2]);
    if (argc == 4 && strcmp(argv[1], "write") == 0) {
        FILE *file = fopen(argv[2], "w");
        if (!file || fputs(argv[3], file) < 0 || fclose(file) != 0)
            return 90;
    }
    if (argc == 3 && strcmp(argv[1], "read") == 0) {
        char text[256];
        FILE *file = fopen(argv[2], "r");
        if (!file || !fgets(text, sizeof text, file))
            return 91;
        puts(text);
    }
    return 0;
}
