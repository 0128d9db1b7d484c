/*
 * Tries, in the network of the host, what would change it or listen in on it. Prints one line per attempt: its name and "done" or the errno's number.
 * Each is tried as the caller and once more as root of a user namespace of its own. Addresses are of a block kept for documents (RFC 5737).
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NETLINK_ROUTE_PROTOCOL 0
#define NETLINK_NETFILTER_PROTOCOL 12
#define MESSAGE_NEW_ROUTE 24
#define MESSAGE_NEW_ADDRESS 20
#define MESSAGE_NEW_LINK 16
#define MESSAGE_ERROR 2

static const char *as = "";

static void tell(const char *name, long result)
{
    if (result >= 0)
        printf("%s%s done\n", as, name);
    else
        printf("%s%s %d\n", as, name, errno);
    fflush(stdout);
}

static struct sockaddr_in address_of(const char *text, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, text, &address.sin_addr);
    return address;
}

static long set_address(int fd)
{
    struct ifreq request = {0};
    strcpy(request.ifr_name, "lo:9");
    struct sockaddr_in address = address_of("192.0.2.77", 0);
    memcpy(&request.ifr_addr, &address, sizeof address);
    return ioctl(fd, SIOCSIFADDR, &request);
}

static long add_route(int fd)
{
    struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = "lo"};
    struct sockaddr_in to = address_of("192.0.2.78", 0);
    memcpy(&route.rt_dst, &to, sizeof to);
    return ioctl(fd, SIOCADDRT, &route);
}

static long set_flags(int fd)
{
    struct ifreq request = {0};
    strcpy(request.ifr_name, "lo");
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return -1;
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

struct message {
    uint32_t length;
    uint16_t type, flags;
    uint32_t sequence, port;
    unsigned char body[32];
};

struct answer {
    uint32_t length;
    uint16_t type, flags;
    uint32_t sequence, port;
    int32_t error;
    unsigned char rest[512];
};

/* A request that the kernel refuses for what it lacks comes back with another errno than EPERM: rights are looked at first. */
static long ask(int protocol, uint16_t type)
{
    struct sockaddr kernel = {.sa_family = AF_NETLINK};
    struct message request = {.length = sizeof request, .type = type, .flags = 5 /* request, acknowledge */, .sequence = 1};
    struct answer answer = {0};
    int fd = socket(AF_NETLINK, SOCK_RAW, protocol);
    if (fd < 0)
        return -1;
    request.body[0] = AF_INET;
    long result = -1;
    unsigned char to[12] = {0};
    memcpy(to, &kernel.sa_family, sizeof kernel.sa_family);
    if (sendto(fd, &request, sizeof request, 0, (struct sockaddr *)to, sizeof to) >= 0 && recv(fd, &answer, sizeof answer, 0) >= 0) {
        errno = answer.type == MESSAGE_ERROR ? -answer.error : 0;
        result = errno == 0 ? 0 : -1;
    }
    int problem = errno;
    close(fd);
    errno = problem;
    return result;
}

static long low_port(void)
{
    struct sockaddr_in address = address_of("127.0.0.1", 911);
    return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
}

static long option(int level, int name)
{
    int one = 1;
    return setsockopt(socket(AF_INET, SOCK_STREAM, 0), level, name, &one, sizeof one);
}

static void attempts(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    tell("raw IPv4", socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
    tell("raw IPv6", socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6));
    tell("packets", socket(AF_PACKET, SOCK_RAW, htons(3)));
    tell("packets without headers", socket(AF_PACKET, SOCK_DGRAM, htons(3)));
    tell("XDP", socket(44, SOCK_RAW, 0));
    tell("IPsec keys", socket(15, SOCK_RAW, 2));
    tell("address", set_address(fd));
    tell("route", add_route(fd));
    tell("flags", set_flags(fd));
    tell("netlink address", ask(NETLINK_ROUTE_PROTOCOL, MESSAGE_NEW_ADDRESS));
    tell("netlink route", ask(NETLINK_ROUTE_PROTOCOL, MESSAGE_NEW_ROUTE));
    tell("netlink link", ask(NETLINK_ROUTE_PROTOCOL, MESSAGE_NEW_LINK));
    tell("nftables", ask(NETLINK_NETFILTER_PROTOCOL, 10 << 8));
    tell("low port", low_port());
    tell("mark", option(SOL_SOCKET, 36));
    tell("transparent", option(IPPROTO_IP, 19));
    int file = open("/proc/sys/net/ipv4/conf/lo/forwarding", O_WRONLY);
    tell("setting", file);
    if (file >= 0)
        close(file);
}

int main(void)
{
    attempts();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        as = "inside: ";
        if (unshare(CLONE_NEWUSER) < 0) {
            tell("user namespace", -1);
            return 0;
        }
        attempts();
        return 0;
    }
    waitpid(child, NULL, 0);
    printf("end\n");
    return 0;
}
