# names.py ADDRESS FILE: a name server on port 53 of ADDRESS, UDP and TCP. Each name that it is asked for goes into FILE.
import socket, struct, sys, threading

records = {
    "world.example": [("A", "203.0.113.7", 60)],
    "other.example": [("A", "198.51.100.2", 3600)],
    "alias.example": [("CNAME", "deep.example", 60), ("CNAME", "world.example", 60), ("A", "203.0.113.7", 5)],
    "inner.example": [("A", "192.168.77.2", 60)],
    "mixed.example": [("A", "192.168.77.2", 60), ("A", "203.0.113.7", 60), ("A", "169.254.169.254", 60)],
    "host.example": [("A", "198.51.100.1", 60)],
    "six.example": [("AAAA", "2001:db8:2::2", 60), ("AAAA", "fd00::1", 60)],
    "text.example": [("TXT", "words", 60)],
    "many.example": [("A", "203.0.113.%d" % (i + 1), 60) for i in range(200)],
}
types = {"A": 1, "CNAME": 5, "TXT": 16, "AAAA": 28}


def wire(name):
    return b"".join(bytes([len(l)]) + l.encode() for l in name.split(".")) + b"\0"


def data(kind, value):
    if kind == "CNAME":
        return wire(value)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    return socket.inet_pton(socket.AF_INET if kind == "A" else socket.AF_INET6, value)


def answer(query, stream):
    end = query.index(b"\0", 12) + 5
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += query[at] + 1
    name, kind = ".".join(labels).lower(), struct.unpack("!H", query[end - 4 : end - 2])[0]
    with open(sys.argv[2], "a") as f:
        f.write(name + "\n")
    found = records["world.example"] if name.endswith(".wide.example") else records.get(name)
    owner, out, count = wire(name), b"", 0
    for k, value, life in found or []:
        if types[k] in (kind, 5):
            d = data(k, value)
            out += owner + struct.pack("!HHIH", types[k], 1, life, len(d)) + d
            owner = d if k == "CNAME" else owner
            count += 1
    flags = 0x8180 if found else 0x8183
    if len(out) > 500 and not stream:
        flags, out, count = flags | 0x200, b"", 0
    return query[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0) + query[12:end] + out


def datagrams(s):
    while True:
        query, peer = s.recvfrom(65536)
        reply = answer(query, False)
        # A false one first: another number, and an address that nobody is to believe in.
        s.sendto(bytes([reply[0] ^ 1]) + reply[1:-1] + b"\x63", peer)
        s.sendto(reply, peer)


def exactly(c, n):
    out = b""
    while len(out) < n:
        part = c.recv(n - len(out))
        if not part:
            raise EOFError
        out += part
    return out


def talk(c):
    try:
        while True:
            reply = answer(exactly(c, struct.unpack("!H", exactly(c, 2))[0]), True)
            c.sendall(struct.pack("!H", len(reply)) + reply)
    except (EOFError, OSError):
        c.close()


for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
    s = socket.socket(socket.AF_INET, kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((sys.argv[1], 53))
    if kind == socket.SOCK_DGRAM:
        threading.Thread(target=datagrams, args=(s,), daemon=True).start()
    else:
        s.listen(16)
print("ready")
while True:
    threading.Thread(target=talk, args=(s.accept()[0],), daemon=True).start()
