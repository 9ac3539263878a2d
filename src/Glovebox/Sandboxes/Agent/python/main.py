class EndHook:
    """Runs something when our main program has ended and nothing is on the stack any more.

    The interpreter has a hook there, for people who look around at a terminal; so for the moment it gets one.
    """

    def __init__(self):
        self.terminal = self.before = None

    def set(self, run):
        """Tells whether there is such a hook."""
        if sys.version_info < (3, 8) or sys.flags.ignore_environment:
            return False
        try:
            self.terminal = os.openpty()
        except OSError:
            return False
        os.dup2(self.terminal[1], 0)
        os.environ['PYTHONINSPECT'] = '1'
        self.before = getattr(sys, '__interactivehook__', None)
        sys.__interactivehook__ = run
        return True

    def unset(self):
        if self.terminal is None:
            return
        os.dup2(1, 0)
        for fd in self.terminal:
            os.close(fd)
        del os.environ['PYTHONINSPECT']
        if self.before is None:
            del sys.__interactivehook__
        else:
            sys.__interactivehook__ = self.before


def calls(agent, hook, results):
    """Serves the host until it is gone. In a fork it gives the calls that run a script."""
    hook.unset()
    renew_stdin()
    try:
        agent.serve()
    except Protocol as e:
        sys.stderr.write('protocol: %s\n' % e)
        os._exit(3)
    except Forked as e:
        fork = e.fork
    yield from script_calls(fork.become_program(agent.processes), results)


def start():
    # Another number means that this is a namespace in which the agent can end no other process, or in which no process ends with it.
    if os.getpid() != 1 and os.environ.pop('GLOVEBOX_TEST_NOT_FIRST', None) is None:
        sys.exit('the agent is not the first process of its namespace')
    agent = Agent(os.environ.pop('GLOVEBOX_TEST_DUMPABLE', None) is None)
    # A script can see its stack, so no frame of the agent may be on it. What makes one after the other the calls that the generator gives
    # is in C, where no frames are; a generator has a frame only while it runs; and our main program ends here.
    hide_classes()
    hook, results = EndHook(), []
    every_call = itertools.chain.from_iterable(calls(agent, hook, results))
    run = functools.partial(results.extend, map(functools.partial.__call__, every_call))
    if not hook.set(run):
        # Our frames are on the stack then, and nothing else is amiss.
        run()


start()
