class Pages:
    """The memory of this process, which a fork shares with its child until one of them writes to it.

    Each page that is shared is copied when it is first written, and in Python even reading writes (it counts references): what a short script
    leaves alone, the interpreter touches when it ends. Where the machine is itself a guest, the first use of each page after a fork costs once
    more, copied or not. Together that is most of the time of a short script; here it passes while nobody waits.
    """

    MADV_POPULATE_READ, MADV_POPULATE_WRITE = 22, 23
    # Large modules may be preloaded; a script needs only some of their pages.
    MOST = 8 << 20
    AT_ONCE = 64 << 10

    def __init__(self, libc):
        self.libc, self.size, self.most = libc, resource.getpagesize(), self.MOST
        self.data, self.code = [], []

    def look(self):
        """Finds what is mapped. Before a fork: afterwards, to look would copy page after page."""
        with open('/proc/self/maps') as maps:
            lines = [line.split() for line in maps]
        # Objects are elsewhere, and the heap has holes.
        lines.sort(key=lambda line: line[-1] == '[heap]')
        self.data, self.code = self.spans(lines, 'rw-p'), self.spans(lines, 'r-xp')

    def spans(self, lines, mode):
        found, left = [], self.most
        for span, mapped, *_ in lines:
            if mapped == mode and left > 0:
                start, end = (int(address, 16) for address in span.split('-'))
                size = min(end - start, left)
                found.append((start, size))
                left -= size
        return found

    def use(self, spans, advice):
        """Uses each page once: a part each time that it goes on."""
        for start, size in spans:
            for at in range(start, start + size, self.AT_ONCE):
                part = min(start + size - at, self.AT_ONCE)
                view = memoryview((ctypes.c_char * part).from_address(at))[::self.size]
                # Kernels before 5.14 do not know how; then it happens to each page when it is needed.
                if self.libc.madvise(ctypes.c_void_p(at), ctypes.c_size_t(part), advice) == 0:
                    bytes(view)
                yield

    def use_data(self):
        return self.use(self.data, self.MADV_POPULATE_WRITE)

    def use_code(self):
        return self.use(self.code, self.MADV_POPULATE_READ)
