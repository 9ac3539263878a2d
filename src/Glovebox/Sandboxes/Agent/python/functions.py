# Where guest code finds modules that are offered to it.
MODULE_FOLDERS = []


class Functions:
    """What guest code can import and run beyond what the sandbox has: modules, programs, and the files of both."""

    def __init__(self, agent):
        self.agent = agent

    def offer(self, number, frame):
        """Programs find the modules by their environment, scripts in forks by add_module_folders; this process imports nothing from there."""
        modules, programs = frame.texts(), frame.text()
        for name, folders in (('PYTHONPATH', modules), ('PATH', [programs])):
            known = [folder for folder in os.environ.get(name, '').split(':') if folder]
            os.environ[name] = ':'.join(known + [folder for folder in folders if folder not in known])
        MODULE_FOLDERS[:] = [folder for folder in os.environ['PYTHONPATH'].split(':') if folder]
        try:
            self.write_files(frame.texts())
        except OSError as e:
            self.agent.reply(number, FAILED, text_field(os.strerror(e.errno)))
        else:
            self.agent.reply(number, DONE)

    def write_files(self, files):
        """Writes what guest code is to read and not to change, where no host folder shows it: path, text, 'x' for a program, again and again.

        Once the set-up is over the agent may not, and the files are there.
        """
        if self.agent.privileges.sealed:
            return
        for path, text, kind in zip(files[::3], files[1::3], files[2::3]):
            os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
            with open(path, 'w', encoding='utf-8', errors='surrogateescape') as file:
                file.write(text)
            os.chmod(path, 0o755 if kind == 'x' else 0o644)


def add_module_folders(folder):
    """Gives a script in a fork the modules that a new interpreter finds by its environment, in the same place."""
    if MODULE_FOLDERS:
        at = sys.path.index(folder) + 1 if folder in sys.path else 0
        sys.path[at:at] = [path for path in MODULE_FOLDERS if path not in sys.path]
