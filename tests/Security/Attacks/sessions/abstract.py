# Connects to an abstract socket of a neighbour.
# walls: a network namespace
from attack import *
attempt('connect', lambda: socket.socket(socket.AF_UNIX).connect('\0' + HOST['mark']))
refused()
