# Has pip fetch wheels, where there are the network and the variables of the set-up.
#
# A wheel is installed without running any code of it. All else has to be built first, by code of its own, and pip begins to build what it
# meets (an address, a path, also one that a wheel requires) whatever its options say. But it builds, and reads repositories, by other
# programs: here it can start no program.
import importlib.util, os, runpy, sys

# As PackageSetup reads them: the exit code when something would have been built, and what comes before the verdict.
NEEDS_BUILD = 77
VERDICT = 'Not a wheel:'

# Not from the work directory.
sys.path[:] = [entry for entry in sys.path if entry]
folder, variables, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
started = ('subprocess.Popen', 'os.exec', 'os.fork', 'os.forkpty', 'os.posix_spawn', 'os.spawn', 'os.system', 'pty.spawn')
builders = (sys.executable, 'git', 'hg', 'svn', 'bzr')
refused = []


def refuse(event, details):
    if event in started:
        program = os.fsdecode(details[0]) if details and isinstance(details[0], (str, bytes, os.PathLike)) else event
        # Where the C library is musl, packaging asks the loader for its version.
        if not (event == 'subprocess.Popen' and os.path.basename(program).startswith('ld-musl-')):
            refused.append(program)
            raise PermissionError(1, 'The set-up starts no program while it has the network', program)


if variables:
    # By a file, and not by the arguments of a sandbox, which all users of the host can read.
    with open(variables, 'rb') as file:
        text = file.read()
    os.remove(variables)
    os.environb.update(variable.split(b'=', 1) for variable in text.split(b'\0') if variable)
if importlib.util.find_spec('pip') is None:
    sys.exit('No module named pip')
sys.addaudithook(refuse)
sys.argv = ['pip', 'download', '--dest', folder, '--only-binary', ':all:', *arguments]
code = None
try:
    runpy.run_module('pip', run_name='__main__', alter_sys=True)
except SystemExit as e:
    code = e.code
if code:
    found = [program for program in refused if program in builders]
    if found:
        sys.stdout.flush()
        sys.stderr.write('\n%s pip would have run %s.\n' % (VERDICT, os.path.basename(found[0])))
    sys.exit(NEEDS_BUILD if found else code)

# What was fetched is all that is needed, and by these names it is found again without the network.
with open(os.path.join(folder, 'requirements.txt'), 'w') as file:
    for name in sorted(os.listdir(folder)):
        if name.endswith('.whl'):
            package, version = name.split('-')[:2]
            file.write('%s==%s\n' % (package, version.replace('_', '-')))
