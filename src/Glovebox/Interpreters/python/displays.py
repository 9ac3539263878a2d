# The forms of what is shown, as Jupyter has them: a method, its MIME type, and whether it gives bytes.
FORMS = (
    ('_repr_html_', 'text/html'), ('_repr_markdown_', 'text/markdown'), ('_repr_svg_', 'image/svg+xml'), ('_repr_png_', 'image/png'),
    ('_repr_jpeg_', 'image/jpeg'), ('_repr_latex_', 'text/latex'), ('_repr_json_', 'application/json'),
    ('_repr_javascript_', 'application/javascript'), ('_repr_pdf_', 'application/pdf'))
WIDTH = 79


def method_of(value, name):
    """A method that an object has; not one of a class, nor of an object that claims to have every method."""
    if isinstance(value, type) or getattr(value, '_glovebox_has_everything_', None) is not None:
        return None
    found = getattr(value, name, None)
    return found if callable(found) else None


def text_of(value):
    """What an interactive Python prints, with long lists and the like broken into lines."""
    pretty = method_of(value, '_repr_pretty_') if type(value).__module__ == 'IPython' else None
    text = repr(value) if pretty is None else str(value)
    if len(text) > WIDTH and type(value) in (list, dict, tuple, set, frozenset) and '\n' not in text:
        import pprint
        return pprint.pformat(value, width=WIDTH, sort_dicts=False)
    return text


def encoded(data):
    return base64.b64encode(data).decode('ascii') if isinstance(data, (bytes, bytearray, memoryview)) else data


def bundle_of(value, on_error):
    """All forms of a value. A form that fails is left out, and told of; but the text has to be there."""
    bundle = {'text/plain': text_of(value)}
    for name, kind in FORMS:
        method = method_of(value, name)
        if method is not None:
            add_form(bundle, kind, method, on_error)
    figure = sys.modules.get('matplotlib.figure')
    if figure is not None and isinstance(value, figure.Figure):
        add_form(bundle, 'image/png', lambda: picture_of(value), on_error)
    whole = method_of(value, '_repr_mimebundle_')
    if whole is not None:
        try:
            found = whole(include=None, exclude=None)
            found = found[0] if isinstance(found, tuple) else found
            bundle.update({kind: encoded(data) for kind, data in (found or {}).items() if data is not None})
        except Exception:
            on_error()
    return bundle


def add_form(bundle, kind, make, on_error):
    try:
        data = make()
        data = data[0] if isinstance(data, tuple) and len(data) == 2 else data
        if data is not None:
            bundle[kind] = encoded(data)
    except NotImplementedError:
        pass
    except Exception:
        on_error()


def picture_of(figure):
    import io
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', bbox_inches='tight')
    return buffer.getvalue()


class Handle:
    """A display that can be changed later."""

    def __init__(self, displays, name):
        self._displays, self.display_id = displays, name

    def display(self, value, **options):
        self._displays.display(value, display_id=self.display_id, **options)

    def update(self, value, **options):
        self._displays.display(value, display_id=self.display_id, update=True, **options)


class Displays:
    """What blocks show: display(), the value of a last expression, open figures."""

    def __init__(self, send):
        self.send = send
        self.figures_shown = set()

    def show(self, value):
        """Shows a value with all its forms."""
        own = method_of(value, '_ipython_display_')
        if own is not None:
            own()
            return
        self.send_bundle(bundle_of(value, traceback.print_exc))
        self.forget_figure(value)

    def display(self, *values, include=None, exclude=None, metadata=None, transient=None, display_id=None, raw=False, clear=False,
                update=False, **_):
        """Shows values in the richest forms that they have."""
        if clear:
            self.clear_output(wait=True)
        name = os.urandom(8).hex() if display_id is True else display_id
        for value in values:
            if not raw and method_of(value, '_ipython_display_') is not None:
                value._ipython_display_()
                continue
            bundle = {k: encoded(v) for k, v in value.items()} if raw else bundle_of(value, traceback.print_exc)
            kept = {kind: data for kind, data in bundle.items()
                    if (not include or kind in include) and (not exclude or kind not in exclude)}
            self.send_bundle(kept, name, update)
            self.forget_figure(value)
        return Handle(self, name) if name is not None else None

    def update_display(self, value, *, display_id, **options):
        self.display(value, display_id=display_id, update=True, **options)

    def clear_output(self, wait=False):
        flush()
        self.send(CLEAR, {'wait': bool(wait)})

    def send_bundle(self, bundle, name=None, update=False):
        flush()
        self.send(SHOW, {'data': bundle, 'id': name, 'update': update})

    def show_figures(self):
        """Shows the figures of pyplot that are open, and closes them."""
        pyplot = sys.modules.get('matplotlib.pyplot')
        if pyplot is None or not hasattr(pyplot, 'get_fignums'):
            return
        for number in pyplot.get_fignums():
            figure = pyplot.figure(number)
            if id(figure) not in self.figures_shown:
                self.send_bundle({'text/plain': repr(figure), 'image/png': encoded(picture_of(figure))})
            pyplot.close(figure)
        self.figures_shown.clear()

    def forget_figure(self, value):
        """A figure that a block has shown is not shown again at its end."""
        figure = sys.modules.get('matplotlib.figure')
        if figure is not None and isinstance(value, figure.Figure):
            self.figures_shown.add(id(value))


def flush():
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()
        except Exception:
            pass


class Rich:
    """What IPython.display offers, for a Python that has no IPython."""

    def __init__(self, data=None, url=None, filename=None, **_):
        if data is None and filename is not None:
            with open(filename, 'r' if self.text else 'rb') as file:
                data = file.read()
        if data is None and url is not None:
            raise ValueError('%s by an address needs IPython' % type(self).__name__)
        self.data = data

    def __repr__(self):
        return '<IPython.core.display.%s object>' % type(self).__name__

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {self.kind_of(self.data): self.data}


class Image(Rich):
    text = False

    @staticmethod
    def kind_of(data):
        return 'image/jpeg' if bytes(data[:2]) == b'\xff\xd8' else 'image/png'


def rich_class(name, kind):
    return type(name, (Rich,), {'text': True, 'kind_of': staticmethod(lambda data: kind)})


RICH = {name: rich_class(name, kind) for name, kind in (
    ('HTML', 'text/html'), ('Markdown', 'text/markdown'), ('SVG', 'image/svg+xml'), ('Latex', 'text/latex'), ('Math', 'text/latex'),
    ('JSON', 'application/json'), ('Javascript', 'application/javascript'), ('Pretty', 'text/plain'))}
RICH['Image'] = Image


class ImportHook:
    """Has figures and IPython's display() go to the host, once what has them is imported."""

    def __init__(self, displays):
        self.displays = displays
        self.after = {'matplotlib.pyplot': self.after_pyplot, 'IPython.display': self.after_ipython}
        self.busy = False

    def find_spec(self, name, path=None, target=None):
        if (name not in self.after and name != 'IPython') or self.busy:
            return None
        import importlib.machinery
        import importlib.util
        self.busy = True
        try:
            spec = importlib.util.find_spec(name)
        except ImportError:
            spec = None
        finally:
            self.busy = False
        if name == 'IPython':
            return importlib.machinery.ModuleSpec(name, self, is_package=True) if spec is None else None
        if spec is None or spec.loader is None:
            return importlib.machinery.ModuleSpec(name, self) if name == 'IPython.display' else None
        run, done = spec.loader.exec_module, self.after[name]

        def exec_module(module):
            run(module)
            done(module)
        spec.loader.exec_module = exec_module
        return spec

    # What stands in for IPython where it is not installed.

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        if module.__name__ == 'IPython':
            module.get_ipython = lambda: None
        else:
            vars(module).update(RICH)
            self.after_ipython(module)

    def after_pyplot(self, module):
        displays = self.displays

        # A backend that is chosen later writes attributes of it, which a method cannot have.
        def show(*_, **__):
            displays.show_figures()
        module.show = show

    def after_ipython(self, module):
        module.display, module.update_display = self.displays.display, self.displays.update_display
        module.clear_output = self.displays.clear_output
