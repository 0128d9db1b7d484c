# Echoes on UDP port 53.
import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 53))
print("ready")
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(data, peer)
