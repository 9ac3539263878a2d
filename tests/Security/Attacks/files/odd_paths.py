# Names paths out of the work directory, for the host to read.
# canary: read
# walls: paths that lead out are refused before anything is opened
from attack import *
os.makedirs('a/b')
for name in HOST['file'], '../' * 20 + HOST['file'], 'a/../' + '../' * 20 + HOST['file'], './/' + '../' * 20 + HOST['file']:
    print('READ', name)
