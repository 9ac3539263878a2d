import sys
name, calls, expected = sys.argv[1], sys.argv[2], sys.argv[3:]
# Before anything is imported that a module of this name would hide.
if name in getattr(sys, 'stdlib_module_names', ()):
    sys.exit("Functions failed to load: Python has a module '%s' itself; give FunctionsModule another name." % name)
import ast, importlib, importlib.util, os, traceback
import _glovebox
folder = os.path.dirname(os.path.abspath(_glovebox.__file__))
path = os.path.join(folder, name + '.py')


def last_lines():
    return ''.join(traceback.format_exception_only(*sys.exc_info()[:2])).strip()


def fail(text):
    sys.stdout.flush()
    sys.stderr.write('\n' + text + '\n')
    sys.exit(1)


try:
    with open(path, 'rb') as file:
        tree = ast.parse(file.read(), name + '.py')
    compile(tree, path, 'exec')
except BaseException:
    fail('Could not compile function: ' + last_lines())
found = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
if found != expected:
    fail('Could not compile function: each source must hold exactly one; Python finds %s and not %s.' % (', '.join(found) or 'none', ', '.join(expected)))
spec = importlib.util.find_spec(name)
if spec is None or not spec.origin or os.path.abspath(spec.origin) != path:
    fail("Functions failed to load: there is another module '%s' (%s) that comes first; give FunctionsModule another name." % (name, spec and spec.origin))
try:
    importlib.import_module(name)
except BaseException:
    lines = [line for line in traceback.format_exc().splitlines() if line.strip()]
    fail('Functions failed to load: ' + last_lines() + '\n' + '\n'.join(lines[-5:-1]))
if calls and not _glovebox.is_served():
    fail('Functions failed to load: the host does not answer.')
