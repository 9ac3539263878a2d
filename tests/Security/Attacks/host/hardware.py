# Opens what only root may read of the hardware and the kernel's modules: memory of devices, serial numbers, the processor's energy.
# canary: root
# walls: not there (bubblewrap); the files are root's (Docker), or hidden (Docker as root)
from attack import *
for folder, _, names in os.walk('/sys'):
    for path in [os.path.join(folder, name) for name in names]:
        try:
            status = os.lstat(path)
            if stat.S_ISREG(status.st_mode) and status.st_mode & (stat.S_IRUSR | stat.S_IROTH) == stat.S_IRUSR:
                opens(path, os.O_RDONLY)
                succeeded(path)
        except OSError as e:
            reasons.append(errno.errorcode[e.errno])
refused()
