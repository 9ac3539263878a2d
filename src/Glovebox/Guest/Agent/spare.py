class Spare:
    """A guest process that was forked ahead of time and waits for what it is to run.

    It is there only while nothing of the guest's is: no guest process ever sees one, so none can end, stop or change it. To fork is quick,
    but each page that parent and child share is copied when one of them writes to it, and in Python even reading writes (it counts
    references). That is most of the time that a short script takes, and here it passes while nobody waits.
    """

    MADV_POPULATE_WRITE = 23
    # Large modules may be preloaded; a script needs only some of their pages.
    MOST_COPIED = 8 << 20
    COPIED_AT_ONCE = 64 << 10
    # What a pipe takes at once, however small the kernel has made it.
    LONGEST = select.PIPE_BUF

    def __init__(self, processes):
        """Forks. Ends in the child as the program that it is told of, or with ForkedScript; raises OSError where there can be no process."""
        go, self.go = os.pipe()
        self.out, out = os.pipe()
        self.err, err = os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            self.close(go, out, err)
            raise
        if self.pid == 0:
            self.wait(processes, go, out, err)
        for fd in (go, out, err):
            os.close(fd)

    def wait(self, processes, go, out, err):
        try:
            processes.become_guest(False, out, err, [self.go, self.out, self.err])
            self.copy_pages(processes.agent.privileges.libc, go)
            order = Reader(os.read(go, self.LONGEST))
            if not order.data:
                os._exit(0)
            os.close(go)
            script, path, arguments = order.text(), order.text(), order.texts()
        except BaseException as e:
            # Somebody may have asked already; else nobody reads it, and what cannot be done is told when somebody does.
            os.write(2, ('%s\n' % e).encode('utf-8', 'backslashreplace'))
            os._exit(126)
        become_program(script, path, arguments, lambda: os.chdir(processes.work))

    def copy_pages(self, libc, go):
        """Copies what is shared with the agent, a few pages at a time, until there is something to run."""
        left = self.MOST_COPIED
        with open('/proc/self/maps') as maps:
            lines = [line.split() for line in maps]
        # Objects are elsewhere, and the heap has holes.
        lines.sort(key=lambda line: line[-1] == '[heap]')
        for span, mode, *_ in lines:
            if mode != 'rw-p':
                continue
            start, end = (int(address, 16) for address in span.split('-'))
            for at in range(start, min(end, start + left), self.COPIED_AT_ONCE):
                if select.select([go], [], [], 0)[0]:
                    return
                # Kernels before 5.14 do not know how; then the pages are copied when they are needed.
                libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(min(end - at, self.COPIED_AT_ONCE)), self.MADV_POPULATE_WRITE)
            left -= min(end - start, left)

    def take(self, script, path, arguments):
        """Has it run something. Tells whether it does."""
        order = b''.join(field(os.fsencode(text)) for text in (script, path))
        order += struct.pack('<I', len(arguments)) + b''.join(field(os.fsencode(argument)) for argument in arguments)
        try:
            if len(order) <= self.LONGEST:
                os.write(self.go, order)
                os.close(self.go)
                return True
        except BrokenPipeError:
            # The kernel has ended it, for want of memory.
            pass
        self.end()
        return False

    def end(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.close()

    def close(self, *others):
        for fd in (self.go, self.out, self.err, *others):
            os.close(fd)
