# streams.py SERVER COUNT: opens COUNT connections to a name server and asks over each of them; prints over how many it was answered. At each line it closes them and begins anew.
import socket, struct, sys

server, count = sys.argv[1], int(sys.argv[2])
question = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\4last\7example\0\0\1\0\1"
while True:
    streams, answered = [socket.create_connection((server, 53), 60) for _ in range(count)], 0
    for s in streams:
        try:
            s.sendall(struct.pack("!H", len(question)) + question)
            answered += len(s.recv(65536)) > 0
        except OSError:
            pass
    print(answered)
    if not sys.stdin.readline():
        break
    for s in streams:
        s.close()
