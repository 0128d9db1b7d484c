# client.py ADDRESS PORT tcp|udp SECONDS: prints 'ok' and whom the server saw, or the name of the error.
import errno, socket, sys

address, port, protocol = sys.argv[1], int(sys.argv[2]), sys.argv[3]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
s.settimeout(int(sys.argv[4]))
try:
    s.connect((address, port))
    if protocol == "udp":
        s.send(b"x")
    print("ok", s.recv(100).decode().strip())
except TimeoutError:
    print("timeout")
except OSError as e:
    print(errno.errorcode[e.errno])
