# asker.py SERVER COUNT: sends COUNT questions for names of COUNT.example at once; prints how many were answered by the time when one that is sent later is, and the seconds until then.
import select, socket, struct, sys, time

server, count = sys.argv[1], int(sys.argv[2])
SO_RCVBUFFORCE, LAST = 33, 0xFFFF


def question(number, name):
    return struct.pack("!HHHHHH", number, 0x100, 1, 0, 0, 0) + b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0\0\1\0\1"


s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
s.connect((server, 53))
many = [question(i % LAST, "n%d.%d.example" % (i, count)) for i in range(count)]
begun, answered = time.monotonic(), 0
for each in many:
    s.send(each)

# Questions of one socket are answered in turn. It is asked again, as it is dropped while too many come.
while True:
    s.send(question(LAST, "last.example"))
    while select.select([s], [], [], 0.1)[0]:
        if struct.unpack("!H", s.recv(65536)[:2])[0] == LAST:
            print(answered, time.monotonic() - begun)
            sys.exit()
        answered += 1
