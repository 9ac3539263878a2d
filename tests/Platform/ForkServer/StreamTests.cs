namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>Standard input, output and error, and the encoding of texts.</summary>
public sealed class StreamTests(ForkServerFixture forkServer) : IClassFixture<ForkServerFixture>
{
    [Theory]
    [InlineData("print([(s.name, s.mode, s.encoding, s.errors, s.newlines, s.line_buffering, s.write_through, s.isatty(), s.fileno()) for s in streams])")]
    [InlineData("print([(type(s.buffer).__name__, s.buffer.mode, type(getattr(s.buffer, 'raw', None)).__name__, s.readable(), s.writable(), s.seekable()) for s in streams])")]
    [InlineData("print([s for s in streams])")]
    [InlineData("print(repr(sys.stdin.read()), repr(sys.stdin.buffer.read()), list(sys.stdin), sys.stdin.closed)")]
    [InlineData("import os; print(os.read(0, 10), os.fstat(0) == os.stat('/dev/null'))")]
    [InlineData("import sys; print(sys.getdefaultencoding(), sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())")]
    [InlineData("print(open('x.py').encoding, ascii(open('x.py').readline()))")]
    [InlineData("print('grün €', '\\U0001F600', ascii('ü')); sys.stdout.buffer.write('\\xff'.encode('latin-1'))")]
    [InlineData("print('\\ud800')")]
    [InlineData("print('\\ud800', file=sys.stderr)")]
    [InlineData("sys.stdout.reconfigure(encoding='utf-16', errors='replace', newline='\\r\\n'); print('x')")]
    [InlineData("import os; print(os.fsencode('ü\\udcff'), os.listdir(b'/proc/self/task')[:0])")]
    [InlineData("sys.stdout.write('a'); sys.stderr.write('b'); sys.stdout.write('c'); sys.stdout.flush()")]
    [InlineData("print('a', end=''); import os; os.write(1, b'b'); print('c', flush=True)")]
    [InlineData("import io, contextlib\nwith contextlib.redirect_stdout(io.StringIO()) as f: print('hidden')\nprint(repr(f.getvalue()))")]
    [InlineData("sys.stdout.close(); sys.stderr.close(); sys.stdin.close()")]
    [InlineData("import os; os.dup2(os.open('redirected.txt', os.O_WRONLY | os.O_CREAT), 1); print('in the file'); os.system('echo too'); sys.stderr.write(open('redirected.txt').read())")]
    [InlineData("import getpass; getpass.getpass()")]
    [InlineData("import code; code.interact(banner='hello', exitmsg='bye')")]
    [InlineData("import shutil, os; print(shutil.get_terminal_size()); os.get_terminal_size()")]
    [InlineData("try: input('prompt> ')\nexcept EOFError as e: print('EOF', e)")]
    public async Task Streams_are_those_of_a_fresh_interpreter(string code) => await forkServer.SameAsync("import sys\nstreams = sys.stdin, sys.stdout, sys.stderr\n" + code);

    [Theory]
    [InlineData("# coding: latin-1\nprint(ascii('ü'))", "'\\xc3\\xbc'\n")]
    [InlineData("# -*- coding: utf-8 -*-\nprint(ascii('ü'))", "'\\xfc'\n")]
    [InlineData("print(ascii('ü'))", "'\\xfc'\n")]
    [InlineData("print(ascii('€😀'))", "'\\u20ac\\U0001f600'\n")]
    [InlineData("ünï = 1; print(ünï, list(globals())[-1])", "1 ünï\n")]
    [InlineData("print(1)\r\nprint('''a\r\nb''' == 'a\\nb')\r\n", "1\nTrue\n")]
    [InlineData("print(1)\fprint(2)", "")]
    public async Task The_source_is_read_as_its_first_lines_say(string code, string output) =>
        Assert.Equal(output, (await forkServer.SameAsync(code)).StandardOutput);

    [Fact]
    public async Task A_byte_order_mark_is_no_part_of_the_source()
    {
        Session session = forkServer.Session;
        await session.Executor.Workspace.WriteAllBytesAsync("marked.py", (byte[])[0xEF, 0xBB, 0xBF, .. "print(ascii('ü'))"u8], TestContext.Current.CancellationToken);
        foreach (string language in new[] { "plain", "python" })
        {
            Assert.Equal("'\\xfc'\n", (await session.RunAsync(new CodeBlock(language, "\uFEFFprint(ascii('ü'))"))).Output);
        }
    }

    [Fact]
    public async Task Text_is_printed_at_once_and_in_order_on_both_streams()
    {
        Running running = forkServer.Session.Begin("python", """
            import os, sys, time
            for i in range(20):
                print('o', i, end=' '); sys.stderr.write(f'e {i} ')
                open(f'printed{i}', 'w').close()
                while not os.path.exists(f'seen{i}'): time.sleep(0.001)
            """);
        for (int i = 0; i < 20; i++)
        {
            await running.PrintsAsync($"o {i} ");
            await running.PrintsAsync($"e {i} ");
            await forkServer.Session.Executor.Workspace.WriteAllTextAsync($"seen{i}", "", TestContext.Current.CancellationToken);
        }

        Assert.Equal(20, (await running.Completion).StandardError.Split("e ").Length - 1);
    }
}
