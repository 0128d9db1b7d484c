# Echoes on TCP and UDP ports 80 and 443, and first says who called. Answers on port 53 that world.example has the address 203.0.113.7.
import select, socket

listening = []
talking = {}
for port in (80, 443):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        s = socket.socket(socket.AF_INET6, kind)
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("::", port))
        if kind == socket.SOCK_STREAM:
            s.listen(64)
        listening.append(s)
names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
names.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
names.bind(("0.0.0.0", 53))
print("ready")
while True:
    ready, _, _ = select.select(listening + list(talking) + [names], [], [])
    for s in ready:
        if s is names:
            query, peer = s.recvfrom(4096)
            end = query.index(b"\0", 12) + 5
            name, kind = query[12 : end - 4], query[end - 4 : end - 2]
            found = name.lower() == b"\x05world\x07example\0"
            answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04" + socket.inet_aton("203.0.113.7") if found and kind == b"\0\x01" else b""
            head = query[:2] + (b"\x81\x80" if found else b"\x81\x83") + b"\0\x01" + (b"\0\x01" if answer else b"\0\0") + b"\0\0\0\0"
            s.sendto(head + query[12:end] + answer, peer)
        elif s in talking:
            try:
                data = s.recv(65536)
                if data:
                    s.sendall(data)
                    continue
            except OSError:
                pass
            s.close()
            del talking[s]
        elif s.type == socket.SOCK_STREAM:
            c, peer = s.accept()
            c.sendall((peer[0].removeprefix("::ffff:") + "\n").encode())
            talking[c] = peer
        else:
            data, peer = s.recvfrom(65536)
            s.sendto((peer[0].removeprefix("::ffff:") + "\n").encode(), peer)
