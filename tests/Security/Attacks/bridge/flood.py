# Makes 32 calls at once, each of which holds the host up until all 32 are there.
# canary: many-calls
# walls: a limit of calls at once; the end of the block cancels what runs
from attack import *
from bridge.client import *
import select
held = []
for _ in range(32):
    s = connect()
    s.sendall(request(b'gather', b'{}'))
    held.append(s)
while held:
    for s in select.select(held, [], [])[0]:
        got = answer(s)
        if got in ('too-many-calls', 'closed'):
            refused(got)
        held.remove(s)
succeeded('32 calls at once')
