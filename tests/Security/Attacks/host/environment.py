# Looks for a secret of the host's environment in every process.
# canary: host
# walls: the sandbox's environment is made from nothing; a PID namespace
from attack import *
for name in ['self'] + [n for n in os.listdir('/proc') if n.isdigit()]:
    attempt(f'/proc/{name}/environ', lambda: HOST['secret'].encode() in open(f'/proc/{name}/environ', 'rb').read())
attempt('os.environ', lambda: HOST['secret'] in os.environ.values())
refused()
