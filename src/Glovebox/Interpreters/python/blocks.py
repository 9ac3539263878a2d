SEMICOLON = re.compile(r'\s*;\s*(#.*)?$')
SHELL_LINES = re.compile(r'^(\s*)([A-Za-z_][\w.,\[\]\s]*?)\s*=\s*!(.*)$')
BRACES = re.compile(r'\{([^{}]+)\}')
NO_INPUT = 'input() gets no answer here: put the values into the code.'
USE_JUPYTER = 'is a magic of Jupyter, which this interpreter is not: use a Jupyter executor, or plain Python.'
HINTS = {
    'matplotlib': 'Leave it out: open figures are shown at the end of a block.',
    'cd': 'Use os.chdir().', 'env': 'Use os.environ.', 'time': 'Use time.perf_counter().', 'timeit': 'Use the module timeit.',
}
# The names by which a changed line calls us. They are in the builtins, so that a block's own names are all the block's.
RUN_LINE, LINES_OF, PIP = '__glovebox_run__', '__glovebox_lines__', '__glovebox_pip__'


class Block:
    """One block of code: parsed, with the lines that are no Python changed, and run."""

    def __init__(self, number, source, flags):
        self.name = '<block %d>' % number
        self.source, self.flags = source, flags
        lines = source.splitlines(True)
        # Tracebacks, inspect and doctest find the source here.
        linecache.cache[self.name] = (len(source), None, lines, self.name)

    def compile(self):
        """Gives the code of the statements, and that of a last expression whose value is to be shown; either may be missing."""
        tree = self.parse()
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not self.ends_with_semicolon(tree.body[-1]):
            last = ast.Expression(tree.body.pop().value)
        flags = self.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        statements = compile(tree, self.name, 'exec', flags, True) if tree.body else None
        if statements is not None:
            # A "from __future__ import" holds for the blocks that follow, too.
            self.flags |= statements.co_flags & FUTURE_FLAGS
            flags |= self.flags
        return statements, None if last is None else compile(last, self.name, 'eval', flags, True)

    def parse(self):
        """Parses the block. A line at which that fails, and which is a command of Jupyter's, is changed into Python."""
        source = self.source
        if source.lstrip().startswith('%%'):
            source = self.whole(source.lstrip())
        lines = None
        while True:
            try:
                return ast.parse(source, self.name)
            except SyntaxError as e:
                error = e
            lines = source.split('\n') if lines is None else lines
            at = (error.lineno or 0) - 1
            changed = self.change(lines[at]) if 0 <= at < len(lines) else None
            if changed is None:
                raise error
            lines[at] = changed
            source = '\n'.join(lines)

    def whole(self, source):
        head, _, body = source.partition('\n')
        words = head[2:].split()
        if words in (['bash'], ['sh']):
            return '%s(%r, %r)\n' % (RUN_LINE, body, words[0])
        return 'raise SyntaxError(%r)\n' % ('%%%%%s %s' % (words[0] if words else '', USE_JUPYTER))

    def change(self, line):
        text = line.lstrip()
        indent = line[:len(line) - len(text)]
        if text.startswith('!'):
            return '%s%s(%r)' % (indent, RUN_LINE, text.lstrip('!'))
        lines = SHELL_LINES.match(line)
        if lines is not None:
            return '%s%s = %s(%r)' % (lines.group(1), lines.group(2), LINES_OF, lines.group(3))
        if text.startswith('%') and text[1:].split()[:1] in (['pip'], ['pip3']):
            return '%s%s(%r)' % (indent, PIP, text[1:].split(None, 1)[1] if ' ' in text.strip() else '')
        if re.match(r'%{1,2}[A-Za-z]', text):
            name = text.lstrip('%').split()[0]
            raise SyntaxError('%%%s %s %s' % (name, USE_JUPYTER, HINTS.get(name, '')))
        return None

    def ends_with_semicolon(self, last):
        """As in Jupyter, a semicolon keeps a value from being shown."""
        lines = self.source.split('\n')
        if last.end_lineno is None or last.end_lineno > len(lines):
            return False
        rest = lines[last.end_lineno - 1].encode('utf-8', 'replace')[last.end_col_offset:].decode('utf-8', 'replace')
        return SEMICOLON.match(rest) is not None


def future_flags():
    import __future__
    flags = 0
    for name in __future__.all_feature_names:
        flags |= getattr(__future__, name).compiler_flag
    return flags


FUTURE_FLAGS = future_flags()


class Commands:
    """The commands that models write into Python because notebooks have them."""

    def __init__(self, names):
        self.names = names

    def install(self, builtins):
        setattr(builtins, RUN_LINE, self.run)
        setattr(builtins, LINES_OF, self.lines)
        setattr(builtins, PIP, self.pip)

    def fill(self, command):
        """Puts the values of {expressions} in; what is no expression stays."""
        def value(match):
            try:
                return str(eval(match.group(1), self.names, sys._getframe(3).f_locals))
            except Exception:
                return match.group(0)
        return BRACES.sub(value, command)

    def run(self, command, shell=None):
        import subprocess
        flush()
        if shell is None:
            command, shell = self.fill(command), '/bin/sh'
        subprocess.run([shell, '-c', command], stdin=subprocess.DEVNULL)

    def lines(self, command):
        import subprocess
        flush()
        return subprocess.run(
            ['/bin/sh', '-c', self.fill(command)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, universal_newlines=True,
        ).stdout.splitlines()

    def pip(self, arguments):
        import importlib
        import shlex
        import subprocess
        flush()
        subprocess.run([sys.executable, '-m', 'pip'] + shlex.split(self.fill(arguments)), stdin=subprocess.DEVNULL)
        importlib.invalidate_caches()


def find_user_site():
    """What pip has installed in the meantime may be in a folder that did not exist when this interpreter started."""
    site = sys.modules.get('site')
    if site is None or not site.ENABLE_USER_SITE:
        return
    folder = site.getusersitepackages()
    if folder not in sys.path and os.path.isdir(folder):
        # It comes where a new Python has it: before what the system has.
        before = len(sys.path)
        site.addsitedir(folder)
        added = sys.path[before:]
        del sys.path[before:]
        at = next((i for i, p in enumerate(sys.path) if p.endswith(('site-packages', 'dist-packages'))), before)
        sys.path[at:at] = added


def exit_code(value):
    """What sys.exit was given, as a process would end with it."""
    if value is None:
        return 0
    if isinstance(value, int):
        return value & 0xff
    print(value, file=sys.stderr)
    return 1


def print_error(error, is_of_code=False):
    """Prints a traceback without our own frames; that of code that cannot be compiled has no frames at all."""
    found = traceback.TracebackException(type(error), error, None if is_of_code else error.__traceback__)
    for one in chain_of(found):
        one.stack[:] = [frame for frame in one.stack if frame.filename != '<glovebox>']
    print(''.join(found.format()), file=sys.stderr, end='')


def chain_of(found):
    seen = []
    rest = [found]
    while rest and len(seen) < 100:
        one = rest.pop()
        seen.append(one)
        rest += [other for other in (one.__cause__, one.__context__) if other is not None]
        rest += getattr(one, 'exceptions', None) or []
    return seen
