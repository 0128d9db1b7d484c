# lookup.py SERVER NAME TYPE udp|tcp: asks for a name as a resolver does, and prints the answer's code and its addresses or words.
import socket, struct, sys

server, name, kind, protocol = sys.argv[1:5]
kinds = {"A": 1, "TXT": 16, "AAAA": 28, "AXFR": 252}
query = b"\x12\x34\x01\0\0\x01\0\0\0\0\0\0" + b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0" + struct.pack("!HH", kinds[kind], 1)
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM)
s.settimeout(60)
s.connect((server, 53))
if protocol == "udp":
    s.send(query)
    reply = s.recv(65536)
else:
    s.sendall(struct.pack("!H", len(query)) + query)
    f = s.makefile("rb")
    reply = f.read(struct.unpack("!H", f.read(2))[0])
assert reply[:2] == b"\x12\x34" and reply[2] & 0x80 and reply[12 : len(query)] == query[12:], reply


def skip(at):
    while reply[at]:
        if reply[at] >= 0xC0:
            return at + 2
        at += reply[at] + 1
    return at + 1


found, at = [], len(query)
for _ in range(struct.unpack("!H", reply[6:8])[0]):
    at = skip(at)
    k, _, _, length = struct.unpack("!HHIH", reply[at : at + 10])
    at += 10
    if k == kinds[kind]:
        found.append(reply[at + 1 : at + length].decode() if k == 16 else socket.inet_ntop(socket.AF_INET if k == 1 else socket.AF_INET6, reply[at : at + length]))
    at += length
assert at == len(reply) or reply[8:12] != b"\0\0\0\0", reply
print(" ".join([str(reply[3] & 15) + ("+" if reply[2] & 2 else "")] + found))
