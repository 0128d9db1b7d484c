# heir.py ADDRESS PORT first|again: says it to late.py, and prints what has come to port 5555 by the time of its answer.
import socket, sys

server, said = (sys.argv[1], int(sys.argv[2])), sys.argv[3].encode()
known, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
known.bind(("", 5555))
asker = known if said == b"first" else other
asker.settimeout(60)
asker.sendto(said, server)
print(asker.recv(100).decode())
known.setblocking(False)
try:
    print(known.recv(100).decode())
except BlockingIOError:
    print("nothing")
