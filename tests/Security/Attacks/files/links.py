# Makes links out of the work directory, for the host to read.
# canary: read
# walls: the host opens each part of a path by descriptor and follows no link
from attack import *
os.symlink(HOST['file'], 'link')
os.symlink(os.path.dirname(HOST['file']), 'folder')
os.mkdir('deep')
os.symlink('../../../../../../../../../..' + HOST['file'], 'deep/link')
os.symlink('link', 'link-to-link')
os.symlink('/proc/self/root' + HOST['file'], 'proc')
for name in 'link', 'folder/' + os.path.basename(HOST['file']), 'deep/link', 'link-to-link', 'proc':
    print('READ', name)
