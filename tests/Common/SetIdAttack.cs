namespace Glovebox.Tests.Common;

/// <summary>A program that tries every way to leave a file with set-user-id or set-group-id bits in its directory.</summary>
public static class SetIdAttack
{
    /// <summary>Python that prints the ways that led to one, a word each, and takes the bits off again.</summary>
    public const string Program = """
        import ctypes, os, platform, struct
        libc = ctypes.CDLL(None, use_errno=True)
        os.umask(0)
        def call(x64, arm64, *arguments):
            number = x64 if platform.machine() == 'x86_64' else arm64
            return -1 if number < 0 else libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
        HERE, CREATE, TMPFILE = -100, os.O_CREAT | os.O_WRONLY, os.O_TMPFILE | os.O_WRONLY
        BITS, FILE = 0o6755, 0o100000
        def descriptor(name):
            return os.open(name, os.O_RDONLY)
        def link(fd, name):
            if fd >= 0:
                call(265, 37, HERE, b'/proc/self/fd/%d' % fd, HERE, name, 0x400)
        def how(flags):
            return struct.pack('<QQQ', flags, BITS, 0)
        existing = {
            'chmod': lambda n: call(90, -1, n, BITS),
            'chmod-suid': lambda n: call(90, -1, n, 0o4755),
            'chmod-sgid': lambda n: call(90, -1, n, 0o2755),
            'chmod-high-bits': lambda n: call(90, -1, n, 0x7700000000 | BITS),
            'chmod-x32': lambda n: call(0x40000000 | 90, -1, n, BITS),
            'fchmod': lambda n: call(91, 52, descriptor(n), BITS),
            'fchmodat': lambda n: call(268, 53, HERE, n, BITS),
            'fchmodat2': lambda n: call(452, 452, HERE, n, BITS, 0),
            'fchmodat2-empty-path': lambda n: call(452, 452, descriptor(n), b'', BITS, 0x1000),
        }
        new = {
            'creat': lambda n: call(85, -1, n, BITS),
            'open': lambda n: call(2, -1, n, CREATE, BITS),
            'openat': lambda n: call(257, 56, HERE, n, CREATE, BITS),
            'openat-suid': lambda n: call(257, 56, HERE, n, CREATE, 0o4755),
            'openat2': lambda n: call(437, 437, HERE, n, how(CREATE), 24),
            'open-tmpfile': lambda n: link(call(2, -1, b'.', TMPFILE, BITS), n),
            'openat-tmpfile': lambda n: link(call(257, 56, HERE, b'.', TMPFILE, BITS), n),
            'openat2-tmpfile': lambda n: link(call(437, 437, HERE, b'.', how(TMPFILE), 24), n),
            'mknod': lambda n: call(133, -1, n, FILE | BITS, 0),
            'mknodat': lambda n: call(259, 33, HERE, n, FILE | BITS, 0),
            'tool-install': lambda n: os.spawnlp(os.P_WAIT, 'install', 'install', '-m', '4755', '/bin/true', n.decode()),
            'tool-chmod': lambda n: os.spawnlp(os.P_WAIT, 'sh', 'sh', '-c', 'cp /bin/true ./%s && chmod 6755 %s' % (n.decode(), n.decode())),
        }
        errors = os.open('/dev/null', os.O_WRONLY)
        os.dup2(errors, 2)
        made = []
        for ways, exists in ((existing, True), (new, False)):
            for way, attempt in ways.items():
                name = ('attack-' + way).encode()
                if exists:
                    os.close(os.open(name, CREATE, 0o755))
                # A call of another architecture may end who makes it.
                child = os.fork()
                if child == 0:
                    attempt(name)
                    os._exit(0)
                os.waitpid(child, 0)
                if os.path.lexists(name):
                    if os.lstat(name).st_mode & 0o6000:
                        made.append(way)
                    os.chmod(name, 0o600)
        print(*made)
        """;

    /// <summary>Ways that must succeed where nothing is refused, or the attack proves nothing.</summary>
    public static IReadOnlyList<string> CertainWays { get; } =
        ["fchmod", "fchmodat", "openat", "openat-suid", "openat2", "openat-tmpfile", "openat2-tmpfile", "mknodat", "tool-install", "tool-chmod"];
}
