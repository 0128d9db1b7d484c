/*
 * A small web server for tests of ingress: web ADDRESS PORT [GREETING]. One process for each connection, HTTP/1.1 without keep-alive.
 *   /head        answers the head of the request as it came
 *   /greet       answers GREETING
 *   /upload      reads the body, of known length or chunked; answers its length and the sum of its bytes
 *   /download?N  answers N bytes, chunked
 *   /cookie      sets cookies and redirects
 *   /two         sends "one", and "two" once the file /go is there
 *   /ws          a WebSocket that sends back what it gets
 *   /page        answers the file /page.html
 *   /report?TEXT writes TEXT into the file /report
 *   /hang        makes the file /hanging and never answers
 * web ADDRESS PORT echo: no HTTP; sends back every byte.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static char head[65536];
static size_t head_length;

static void put(const void *bytes, size_t count)
{
    while (count > 0) {
        ssize_t n = write(1, bytes, count);
        if (n <= 0)
            _exit(0);
        bytes = (const char *)bytes + n;
        count -= (size_t)n;
    }
}

static void say(const char *text)
{
    put(text, strlen(text));
}

static int next(void)
{
    static unsigned char buffer[65536];
    static ssize_t count, at;
    if (at == count) {
        count = read(0, buffer, sizeof buffer);
        at = 0;
        if (count <= 0)
            return -1;
    }
    return buffer[at++];
}

static const char *header(const char *name)
{
    static char value[1024];
    size_t length = strlen(name);
    for (char *line = head; (line = strstr(line, "\r\n")) != NULL;) {
        line += 2;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            sscanf(line + length + 1, " %1023[^\r]", value);
            return value;
        }
    }
    return NULL;
}

static void answer(const char *more, const char *body, size_t length)
{
    char line[256];
    snprintf(line, sizeof line, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n%s\r\n", length, more);
    say(line);
    put(body, length);
}

static uint32_t left(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

/* SHA-1 of a short text, RFC 3174. */
static void sha1(const char *text, unsigned char digest[20])
{
    unsigned char block[128] = {0};
    size_t length = strlen(text), total = length + 9 <= 64 ? 64 : 128;
    uint32_t h[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
    memcpy(block, text, length);
    block[length] = 0x80;
    for (int i = 0; i < 4; i++)
        block[total - 1 - i] = (unsigned char)(length * 8 >> 8 * i);
    for (size_t from = 0; from < total; from += 64) {
        uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
        for (int t = 0; t < 80; t++) {
            const unsigned char *p = block + from + 4 * t;
            w[t] = t < 16 ? (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3] : left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
            uint32_t f = t < 20 ? (b & c) | (~b & d) : t < 40 ? b ^ c ^ d : t < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
            uint32_t k = t < 20 ? 0x5A827999 : t < 40 ? 0x6ED9EBA1 : t < 60 ? 0x8F1BBCDC : 0xCA62C1D6;
            uint32_t next = left(a, 5) + f + e + k + w[t];
            e = d, d = c, c = left(b, 30), b = a, a = next;
        }
        h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
    }
    for (int i = 0; i < 20; i++)
        digest[i] = (unsigned char)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const unsigned char digest[20], char text[29])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char padded[21] = {0};
    memcpy(padded, digest, 20);
    for (int i = 0, o = 0; i < 21; i += 3) {
        uint32_t three = (uint32_t)padded[i] << 16 | padded[i + 1] << 8 | padded[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            text[o++] = letters[three >> shift & 63];
    }
    text[27] = '=';
    text[28] = 0;
}

static void websocket(void)
{
    char text[1200];
    unsigned char digest[20];
    const char *key = header("Sec-WebSocket-Key");
    snprintf(text, sizeof text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key ? key : "");
    sha1(text, digest);
    base64(digest, text);
    say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ");
    say(text);
    say("\r\n\r\n");
    for (;;) {
        int first = next(), second = next();
        if (second < 0)
            return;
        uint64_t length = second & 0x7F;
        int more = length == 126 ? 2 : length == 127 ? 8 : 0;
        unsigned char frame[10] = {(unsigned char)first, (unsigned char)(second & 0x7F)}, mask[4];
        if (more)
            length = 0;
        for (int i = 0; i < more; i++) {
            frame[2 + i] = (unsigned char)next();
            length = length << 8 | frame[2 + i];
        }
        for (int i = 0; i < 4; i++)
            mask[i] = (unsigned char)next();
        put(frame, 2 + (size_t)more);
        static unsigned char piece[65536];
        for (uint64_t done = 0; done < length;) {
            size_t now = length - done < sizeof piece ? (size_t)(length - done) : sizeof piece;
            for (size_t i = 0; i < now; i++)
                piece[i] = (unsigned char)(next() ^ mask[(done + i) % 4]);
            put(piece, now);
            done += now;
        }
        if ((first & 0xF) == 8)
            return;
    }
}

static void upload(void)
{
    uint64_t length = 0, sum = 0;
    char text[100];
    const char *known = header("Content-Length");
    if (known) {
        for (uint64_t want = strtoull(known, NULL, 10); length < want; length++) {
            int byte = next();
            if (byte < 0)
                return;
            sum += (uint64_t)byte;
        }
    } else {
        for (;;) {
            uint64_t chunk = 0;
            int digit;
            while ((digit = next()) != '\n') {
                if (digit < 0)
                    return;
                if (digit != '\r')
                    chunk = chunk * 16 + (uint64_t)(digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
            }
            for (uint64_t i = 0; i < chunk; i++)
                sum += (uint64_t)next();
            length += chunk;
            next();
            next();
            if (chunk == 0)
                break;
        }
    }
    int n = snprintf(text, sizeof text, "%llu %llu", (unsigned long long)length, (unsigned long long)sum);
    answer("", text, (size_t)n);
}

static void download(uint64_t count)
{
    static char piece[65536];
    char line[32];
    memset(piece, 'x', sizeof piece);
    say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    while (count > 0) {
        size_t now = count < sizeof piece ? (size_t)count : sizeof piece;
        snprintf(line, sizeof line, "%zx\r\n", now);
        say(line);
        put(piece, now);
        say("\r\n");
        count -= now;
    }
    say("0\r\n\r\n");
}

static void serve(const char *greeting)
{
    char path[2048];
    while (head_length < sizeof head - 1 && !(head_length >= 4 && memcmp(head + head_length - 4, "\r\n\r\n", 4) == 0)) {
        int byte = next();
        if (byte < 0)
            return;
        head[head_length++] = (char)byte;
    }
    if (sscanf(head, "%*s %2047s", path) != 1)
        return;
    if (strncmp(path, "/head", 5) == 0)
        answer("Content-Type: text/plain\r\n", head, head_length);
    else if (strncmp(path, "/upload", 7) == 0)
        upload();
    else if (strncmp(path, "/download?", 10) == 0)
        download(strtoull(path + 10, NULL, 10));
    else if (strncmp(path, "/cookie", 7) == 0)
        say("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: /greet\r\n"
            "Set-Cookie: own=1; Path=/; Domain=localhost\r\nSet-Cookie: sleigh_link=stolen; Path=/\r\n\r\n");
    else if (strncmp(path, "/two", 4) == 0) {
        say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\none\r\n");
        while (access("/go", F_OK) != 0)
            usleep(5000);
        say("3\r\ntwo\r\n0\r\n\r\n");
    } else if (strncmp(path, "/ws", 3) == 0)
        websocket();
    else if (strncmp(path, "/page", 5) == 0) {
        static char page[65536];
        FILE *file = fopen("/page.html", "r");
        size_t length = file ? fread(page, 1, sizeof page, file) : 0;
        answer("Content-Type: text/html; charset=utf-8\r\n", page, length);
    } else if (strncmp(path, "/report?", 8) == 0) {
        FILE *file = fopen("/report.new", "w");
        if (file && fputs(path + 8, file) >= 0 && fclose(file) == 0 && rename("/report.new", "/report") == 0)
            answer("", "", 0);
    } else if (strncmp(path, "/hang", 5) == 0) {
        FILE *file = fopen("/hanging", "w");
        if (file)
            fclose(file);
        pause();
    } else
        answer("", greeting, strlen(greeting));
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(argv[2]))};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = six.sin6_port};
    int is_six = inet_pton(AF_INET6, argv[1], &six.sin6_addr) == 1, one = 1;
    if (!is_six && inet_pton(AF_INET, argv[1], &four.sin_addr) != 1)
        return 2;
    int server = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(server, is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four, is_six ? sizeof six : sizeof four) != 0 || listen(server, 128) != 0) {
        perror("web");
        return 1;
    }
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(server, NULL, NULL);
        if (client < 0)
            continue;
        if (fork() == 0) {
            close(server);
            dup2(client, 0);
            dup2(client, 1);
            close(client);
            if (argc > 3 && strcmp(argv[3], "echo") == 0) {
                for (int byte; (byte = next()) >= 0;) {
                    char c = (char)byte;
                    put(&c, 1);
                }
            } else
                serve(argc > 3 ? argv[3] : "hello");
            shutdown(1, SHUT_WR);
            /* A close with bytes unread would reset the connection, and the answer with it. */
            while (next() >= 0)
                ;
            _exit(0);
        }
        close(client);
    }
}
