# hoarder.py ADDRESS PORT tcp|udp COUNT: opens connections up to COUNT until one fails; prints how many it holds, and the error or 'all'. At each line it closes them and begins anew.
import errno, socket, sys

address, port, protocol, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
while True:
    held, end = [], "all"
    while len(held) < count:
        s = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
        s.settimeout(300)
        try:
            s.connect((address, port))
            if protocol == "udp":
                s.send(b"x")
            s.recv(100)
            held.append(s)
        except OSError as e:
            end = errno.errorcode.get(e.errno, "timeout")
            s.close()
            break
    print(len(held), end)
    if not sys.stdin.readline():
        break
    for s in held:
        s.close()
