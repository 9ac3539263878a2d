# Swaps a folder for a link out of the work directory while the host reads in it.
# canary: race
# walls: the host opens each part of a path by descriptor and follows no link
from attack import *
name = os.path.basename(HOST['file'])
os.mkdir('real')
with open('real/' + name, 'w') as file:
    file.write('of the guest')
os.symlink(os.path.dirname(HOST['file']), 'lure')
os.rename('real', 'swapped')
print('ready', flush=True)
# RENAME_EXCHANGE: there is no moment without one of them.
while True:
    call(316, 276, -100, b'swapped', -100, b'lure', 2)
