# Prints the numbers of those requirements, among the arguments, that no installed package satisfies.
import sys
from importlib import metadata

# Not from the work directory.
sys.path[:] = [entry for entry in sys.path if entry]
try:
    from packaging.requirements import Requirement
except ImportError:
    try:
        from pip._vendor.packaging.requirements import Requirement
    except ImportError:
        Requirement = None


def is_satisfied(text):
    try:
        if Requirement is None:
            # A name alone; anything else is no package's name.
            return bool(metadata.version(text))
        wanted = Requirement(text)
        if wanted.marker is not None and not wanted.marker.evaluate():
            return True
        return wanted.url is None and not wanted.extras and wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except Exception:
        # pip says what is wrong with it.
        return False


print('missing', *(number for number, text in enumerate(sys.argv[1:]) if not is_satisfied(text)))
