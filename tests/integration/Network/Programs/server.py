# Echoes on TCP and UDP ports 80 and 443, and first says who called.
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
print("ready")
while True:
    ready, _, _ = select.select(listening + list(talking), [], [])
    for s in ready:
        if s in talking:
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
