# talker.py ADDRESS PORT: opens a connection, says 'open', then answers each line with what came back within a second, or 'nothing'.
import socket, sys

s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 20)
s.recv(100)
print("open")
s.settimeout(1)
for line in sys.stdin:
    s.sendall(line.strip().encode())
    try:
        print(s.recv(65536).decode())
    except TimeoutError:
        print("nothing")
