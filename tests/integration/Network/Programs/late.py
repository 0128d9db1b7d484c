# late.py ADDRESS PORT: answers 'first', and keeps who said it; at 'again' of anybody it sends that one 'secret', and 'done' to whoever asked.
import socket, sys

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
print("ready")
first = None
while True:
    said, peer = s.recvfrom(100)
    if said == b"first":
        first = peer
        s.sendto(b"hello", peer)
    else:
        s.sendto(b"secret", first)
        s.sendto(b"done", peer)
