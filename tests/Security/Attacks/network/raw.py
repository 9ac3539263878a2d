# Opens sockets that send and see raw packets.
# canary: open
# walls: no capability; the system-call filter
from attack import *
attempt('ICMP', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close())
attempt('ICMPv6', lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58).close())
attempt('packet', lambda: socket.socket(17, socket.SOCK_RAW, 3).close())
refused()
