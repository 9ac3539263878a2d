# Looks for the value of a secret in the core dump of a program that fails while it uses one.
# canary: variable
# walls: the value stays on the host
from attack import *
import glob
sought = value_of_secret()
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
os.makedirs('dump', exist_ok=True)
os.chdir('dump')
code = """
import os, urllib.request
request = urllib.request.Request(%r, headers={'Authorization': os.environ.get('API_KEY', '')})
try:
    answer = urllib.request.urlopen(request, timeout=30).read()
except OSError:
    pass
os.abort()
""" % HOST['bound']
failed = subprocess.run([sys.executable, '-c', code]).returncode
cores = glob.glob('*')
print('dumps:', failed, [os.path.getsize(c) for c in cores])
for core in cores:
    with open(core, 'rb') as f:
        dump = f.read()
    os.unlink(core)
    attempt('core dump', lambda: sought.search(dump) is not None)
refused(None if cores else 'the kernel writes no core dumps here')
