class Interpreter(Copied):
    """A Python that runs the blocks of one context, in a process of its own: a fork of the supervisor, or of another interpreter."""

    def __init__(self, number, order, settings):
        super().__init__()
        self.number, self.settings = number, settings
        self.channel = None
        self.keeps = settings['checkpoints'] > 0
        self.pid = 0
        self.loop = None
        self.flags = 0
        self.blocks = 0
        self.interrupts = signal.default_int_handler
        self.names = {}
        self.displays = None
        # Whether a block runs, and in which thread blocks do.
        self.runs, self.main_thread = False, _thread.get_ident()

    # The beginning.

    def begin(self, order, control, output, errors):
        """In a new fork of the supervisor: becomes an interpreter with an empty main module."""
        os.setsid()
        self.connect(control, output, errors)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        set_oom_score(1000)
        os.environ.update(order.get('variables', {}))
        os.environ.setdefault('MPLBACKEND', 'agg')
        os.environ[CONTEXT_VARIABLE] = str(self.number)
        os.chdir(os.path.join(self.settings['work'], order.get('directory') or ''))
        renew_streams()
        import builtins
        main = type(sys)('__main__')
        self.names = vars(main)
        self.names['__builtins__'] = builtins
        sys.modules['__main__'] = main
        sys.argv[:] = ['']
        sys.path.insert(0, '')
        self.displays = Displays(self.send_display)
        builtins.display = self.displays.display
        builtins.input = refuse_input
        Commands(self.names).install(builtins)
        sys.displayhook = self.show
        sys.meta_path.insert(0, ImportHook(self.displays))
        for name in 'random', 'numpy.random':
            if name in sys.modules:
                sys.modules[name].seed()

    def connect(self, control, output, errors):
        """Takes descriptors that are given to where this process has them, and closes all others that are ours."""
        null = os.open('/dev/null', os.O_RDONLY)
        moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 100) for fd in (null, output, errors, control)]
        for target, fd in enumerate(moved):
            os.dup2(fd, target, inheritable=target != CONTROL)
        if not self.is_copy:
            os.closerange(CONTROL + 1, most_descriptors())
        else:
            for fd in [null, output, errors, control] + moved:
                if fd > CONTROL:
                    os.close(fd)
        self.channel = Channel(socket.socket(fileno=CONTROL), waits=True)
        self.pid = os.getpid()

    # The life.

    def serve(self):
        """Runs blocks until the supervisor has gone."""
        try:
            if self.keeps:
                self.keep()
            while True:
                kind, number, payload = self.wait()
                if self.is_copy:
                    self.renew()
                if kind == EXECUTE:
                    self.execute(json.loads(payload))
                elif kind == KEEP:
                    self.keep()
                elif kind == COPY:
                    self.branch(number, json.loads(payload))
        except Closed:
            os._exit(0)

    def wait(self):
        """Waits for a frame. A copy that was put off is made meanwhile, and what asyncio has to do goes on."""
        self.keep_late()
        if self.loop is not None and self.tasks():
            arrived = self.loop.create_future()
            self.loop.add_reader(CONTROL, lambda: arrived.done() or arrived.set_result(None))
            try:
                self.loop.run_until_complete(arrived)
            except BaseException:
                # A task asked for the end; the others go on with the next wait.
                pass
            finally:
                self.loop.remove_reader(CONTROL)
        return self.channel.receive_one()

    def tasks(self):
        return [task for task in sys.modules['asyncio'].all_tasks(self.loop) if not task.done()]

    def execute(self, order):
        number = order['number']
        find_user_site()
        code, interrupted = 0, False
        undo = self.lend(order)
        self.runs = True
        try:
            try:
                signal.signal(signal.SIGINT, self.interrupts)
                code = self.run(Block(number, order['code'], self.flags))
                self.interrupts = signal.getsignal(signal.SIGINT)
            finally:
                # From here on an interrupt would hit us, not the block.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
        except KeyboardInterrupt as e:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            code, interrupted = 128 + signal.SIGINT, True
            print_error(e)
        if os.getpid() != self.pid:
            # A fork that the block made, and that came to the block's end as a program comes to its own.
            flush()
            os._exit(code)
        try:
            self.displays.show_figures()
        except Exception as e:
            print_error(e)
        undo()
        flush()
        self.runs = False
        self.blocks = number
        keeps = self.keeps and self.keeps_now()
        uncovered = 0 if not self.keeps or keeps and not self.failed else self.uncovered
        # Of one that was interrupted, what it has started ends first; then the supervisor asks for a copy.
        keeps = keeps and not interrupted
        self.channel.send_json(DONE, self.number, {
            'number': number, 'code': code, 'interrupted': interrupted,
            'uncovered': uncovered, 'lost': self.not_copied(), 'keeps': keeps})
        if keeps:
            self.keep()

    def run(self, block):
        try:
            statements, last = block.compile()
        except Exception as e:
            print_error(e, is_of_code=True)
            return 1
        try:
            self.flags = block.flags
            if statements is not None:
                self.evaluate(statements)
            if last is not None:
                sys.displayhook(self.evaluate(last))
            return 0
        except SystemExit as e:
            return exit_code(e.code)
        except KeyboardInterrupt:
            raise
        except BaseException as e:
            print_error(e)
            return 1

    def evaluate(self, code):
        if not code.co_flags & COROUTINE:
            return eval(code, self.names)
        import asyncio
        if self.loop is None or self.loop.is_closed():
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        return self.loop.run_until_complete(eval(code, self.names))

    def send_display(self, kind, value):
        """Shows something. What is printed next comes after it."""
        waits = self.runs and _thread.get_ident() == self.main_thread
        payload = encoded_json(value)
        if 5 + len(payload) > MAX_FRAME:
            kind, payload = DROPPED, encoded_json({'bytes': len(payload)})
        self.channel.send(kind, int(waits), payload)
        while waits and self.channel.receive_one()[0] != SHOWN:
            pass

    def show(self, value):
        if value is not None:
            self.names['__builtins__']._ = value
            self.displays.show(value)

    def lend(self, order):
        """Gives a block arguments, variables and input of its own. What comes back takes them away."""
        arguments, variables, data = order.get('arguments'), order.get('variables'), order.get('input')
        if not arguments and not variables and not data:
            return lambda: None
        before = {name: os.environ.get(name) for name in variables or {}}
        sys.argv[1:] = arguments or []
        os.environ.update(variables or {})
        if data:
            file = memory_file('input')
            os.write(file, base64.b64decode(data))
            os.lseek(file, 0, os.SEEK_SET)
            os.dup2(file, 0)
            os.close(file)
            renew_stdin()
            self.names['__builtins__'].input = READ_INPUT

        def undo():
            del sys.argv[1:]
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            if data:
                null = os.open('/dev/null', os.O_RDONLY)
                os.dup2(null, 0)
                os.close(null)
                renew_stdin()
                self.names['__builtins__'].input = refuse_input
        return undo


COROUTINE = 0x80
CONTEXT_VARIABLE = 'GLOVEBOX_CONTEXT'
READ_INPUT = input


def refuse_input(prompt=''):
    raise EOFError(NO_INPUT)


def set_oom_score(score):
    """The kernel ends a process with a higher one first."""
    try:
        with open('/proc/self/oom_score_adj', 'w') as file:
            file.write(str(score))
    except OSError:
        pass


def most_descriptors():
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 1 << 16)


def renew_streams():
    """Those of the supervisor hold what it had printed, and know its descriptors."""
    def stream(fd, mode, errors, name):
        direct = mode == 'w' and os.environ.get('PYTHONUNBUFFERED', '') != ''
        binary = open(fd, mode + 'b', buffering=0 if direct else -1, closefd=False)
        getattr(binary, 'raw', binary).name = name
        text = type(sys.__stdout__)(binary, 'utf-8', errors, None if mode == 'r' else '\n', mode == 'w', direct)
        text.mode = mode
        return text
    sys.stdin = sys.__stdin__ = stream(0, 'r', 'surrogateescape', '<stdin>')
    sys.stdout = sys.__stdout__ = stream(1, 'w', 'surrogateescape', '<stdout>')
    sys.stderr = sys.__stderr__ = stream(2, 'w', 'backslashreplace', '<stderr>')


def renew_stdin():
    binary = open(0, 'rb', closefd=False)
    binary.raw.name = '<stdin>'
    sys.stdin = sys.__stdin__ = type(sys.__stdout__)(binary, 'utf-8', 'surrogateescape')
    sys.stdin.mode = 'r'
