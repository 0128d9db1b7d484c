# talker.py ADDRESS PORT: opens a connection, says 'open', then answers each line with what came back, or the name of the error that ended the connection.
# A line that begins with '!' is sent and not waited for: the answer is 'sent'.
import errno, socket, sys

s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 60)
s.recv(100)
print("open")
s.settimeout(300)
for line in sys.stdin:
    try:
        s.sendall(line.strip().encode())
        print("sent" if line.startswith("!") else s.recv(65536).decode())
    except OSError as e:
        print(errno.errorcode.get(e.errno, "timeout"))
