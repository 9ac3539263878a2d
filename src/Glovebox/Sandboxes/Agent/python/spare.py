class Spare:
    """A guest process that was forked ahead of time and waits for what it is to run.

    It is there only while nothing of the guest's is: no guest process ever sees one, so none can end, stop or change it.
    """

    # What a pipe takes at once, however small the kernel has made it.
    LONGEST = select.PIPE_BUF

    def __init__(self, processes):
        """Forks. Ends in the child as the program that it is told of, or with ForkedScript; raises OSError where there can be no process."""
        ends = []
        try:
            for _ in range(3):
                ends += os.pipe()
            self.pid = os.fork()
        except OSError:
            for fd in ends:
                os.close(fd)
            raise
        go, self.go, self.out, out, self.err, err = ends
        if self.pid == 0:
            self.wait(processes, go, out, err)
        for fd in (go, out, err):
            os.close(fd)

    def wait(self, processes, go, out, err):
        try:
            processes.become_guest(False, out, err, [self.go, self.out, self.err])
            for _ in itertools.chain(processes.pages.use_data(), processes.pages.use_code()):
                if select.select([go], [], [], 0)[0]:
                    break
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

    def close(self):
        for fd in (self.go, self.out, self.err):
            os.close(fd)
