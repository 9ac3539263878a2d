# Makes a BPF map and loads a BPF program.
# canary: root
# walls: no capability; the system-call filter
from attack import *
attempt('map', lambda: call(321, 280, 0, (ctypes.c_uint * 32)(2, 4, 4, 1), 128))
code = ctypes.create_string_buffer(bytes([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]))
license = ctypes.create_string_buffer(b'GPL')
program = ctypes.create_string_buffer(struct.pack('<IIQQ', 1, 2, ctypes.addressof(code), ctypes.addressof(license)), 128)
attempt('program', lambda: call(321, 280, 5, program, 128))
refused()
