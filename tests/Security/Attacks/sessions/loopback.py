# Connects to a port of a neighbour.
# walls: a network namespace
from attack import *
attempt('connect', lambda: socket.create_connection(('127.0.0.1', HOST['guest_port']), 5).close())
refused()
