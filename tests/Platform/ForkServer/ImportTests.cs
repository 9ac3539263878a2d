namespace Glovebox.Tests.Platform.ForkServer;

/// <summary>Which modules a script gets.</summary>
public sealed class ImportTests(ForkServerFixture forkServer) : IClassFixture<ForkServerFixture>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Modules that a fresh interpreter has not imported, among them those that an agent needs; and some that it has.</summary>
    [Theory]
    [InlineData("struct")]
    [InlineData("socket")]
    [InlineData("select")]
    [InlineData("selectors")]
    [InlineData("signal")]
    [InlineData("fcntl")]
    [InlineData("errno")]
    [InlineData("resource")]
    [InlineData("ctypes")]
    [InlineData("enum")]
    [InlineData("re")]
    [InlineData("types")]
    [InlineData("random")]
    [InlineData("tokenize")]
    [InlineData("warnings")]
    [InlineData("traceback")]
    [InlineData("linecache")]
    [InlineData("agent")]
    [InlineData("os")]
    [InlineData("io")]
    [InlineData("abc")]
    [InlineData("sys")]
    [InlineData("_struct")]
    [InlineData("collections")]
    [InlineData("operator")]
    [InlineData("functools")]
    public async Task A_file_beside_the_script_wins_where_it_would_win(string name)
    {
        await using Session session = await ForkServerFixture.StartAsync();
        IWorkspace files = session.Executor.Workspace;
        await files.WriteAllTextAsync($"{name}.py", "mine = 'my module'", Ct);
        await files.WriteAllTextAsync($"package/{name}/__init__.py", "mine = 'my package'", Ct);
        foreach (string script in new[] { "x.py", "package/x.py" })
        {
            string code = $"# filename: {script}\nimport {name}; print(getattr({name}, 'mine', 'not mine'))";
            CodeResult plain = await session.RunAsync(new CodeBlock("plain", code));
            CodeResult forked = await session.RunAsync(new CodeBlock("python", code));
            Assert.Equal(ForkServerFixture.Describe(plain.Blocks[0]), ForkServerFixture.Describe(forked.Blocks[0]));
            Assert.Matches("^(not mine|my module|my package)\n$", plain.Output);
        }
    }

    [Theory]
    [InlineData("open('struct.py', 'w').write('mine = 1')\nimport struct; print(hasattr(struct, 'mine'))\nimport os; os.remove('struct.py')")]
    [InlineData("import os; os.mkdir('socket'); import socket; print(hasattr(socket, 'socket'), socket.__name__); os.rmdir('socket')")]
    [InlineData("import sys; print([m for m in ('socket', 'struct', 'select', 'signal', 'fcntl', 'resource', 'errno', 'ctypes', 'json', 're') if m in sys.modules])")]
    [InlineData("import sys; print(sorted(sys.modules))")]
    [InlineData("import sys, socket, struct, signal, select; print(sys.modules['socket'] is socket, socket.socket.__module__, struct.Struct('<I').pack(1), signal.SIGINT)")]
    [InlineData("import ctypes; print(ctypes.CDLL(None).getpid() == __import__('os').getpid())")]
    [InlineData("import x; print(x is __import__('__main__'), x.__file__, x.__name__)")]
    [InlineData("import importlib, socket; print(importlib.reload(socket) is socket)")]
    [InlineData("import importlib.util; print(importlib.util.find_spec('socket').origin, importlib.util.find_spec('no_such_module'))")]
    [InlineData("import pkgutil; print(sorted(m.name for m in pkgutil.iter_modules(['/workspace'])))")]
    [InlineData("open('later.py', 'w').write('value = 1')\nimport later, os; print(later.value, later.__file__); os.remove('later.py')")]
    [InlineData("import runpy; open('y.py', 'w').write('print(__name__, __file__)')\nrunpy.run_path('y.py', run_name='__main__')")]
    [InlineData("import sqlite3, ssl, hashlib, zlib, lzma, bz2, decimal, datetime, csv, json, uuid; print(sqlite3.connect(':memory:').execute('select 1').fetchone())")]
    public async Task Importing_is_as_in_a_fresh_interpreter(string code) => await forkServer.SameAsync(code);

    [Fact]
    public async Task A_module_that_one_block_changes_is_whole_in_the_next()
    {
        BlockResult first = await forkServer.ForkedAsync(
            """
            import builtins, json, os, socket, sys
            json.dumps = socket.socket = os.getcwd = builtins.print = sys.exit = None
            builtins.open = sys.stdout.write = lambda *a: 1 / 0
            os.environ.clear(); os.chdir('/'); sys.path.clear(); sys.modules['math'] = 'nonsense'
            """);
        Assert.Equal((0, ""), (first.ExitCode, first.Output));
        BlockResult second = await forkServer.SameAsync(
            "import json, math, os, socket, sys; print(json.dumps([1]), socket.socket, os.getcwd(), open, math.pi, len(os.environ), len(sys.path)); sys.exit(3)");
        Assert.Equal(3, second.ExitCode);
    }

    [Fact]
    public async Task A_module_that_an_earlier_block_wrote_is_imported_and_so_is_its_next_version()
    {
        await using Session session = await ForkServerFixture.StartAsync();
        CodeResult result = await session.RunAsync(
            new("python", "# filename: lib.py\nversion = 1"),
            new("python", "import lib; print(lib.version)"),
            new("python", "# filename: lib.py\nversion = 22"),
            new("python", "import lib; print(lib.version)"),
            new("bash", "rm lib.py"),
            new("python", "import lib"));
        Assert.Equal("1\n22\n", result.StandardOutput);
        Assert.Contains("ModuleNotFoundError: No module named 'lib'", result.StandardError, StringComparison.Ordinal);
    }

    /// <summary>The versions have the same size, and mostly the same second.</summary>
    [Theory]
    [InlineData("python")]
    [InlineData("plain")]
    [InlineData("bash")]
    public async Task A_module_that_is_rewritten_within_a_second_is_not_run_from_stale_bytecode(string language)
    {
        await using Session session = await ForkServerFixture.StartAsync();
        CodeBlock use = language == "bash" ? new("bash", "python3 -c 'import helper'") : new(language, "import helper");
        CodeBlock[] blocks = [.. Enumerable.Range(0, 10).SelectMany(i => new CodeBlock[] { new("python", $"# filename: helper.py\nprint({i})"), use })];
        CodeResult result = await session.RunAsync(blocks);
        Assert.Equal(string.Concat(Enumerable.Range(0, 10).Select(i => $"{i}\n{i}\n")), result.Output);
    }

    [Fact]
    public async Task A_module_that_a_block_rewrites_itself_is_not_run_from_stale_bytecode() => Assert.Equal(
        "0\n1\n2\n",
        (await forkServer.SameAsync("""
            import subprocess, sys
            for i in range(3):
                with open('rewritten.py', 'w') as file: file.write(f'print({i})')
                subprocess.run([sys.executable, '-c', 'import rewritten'])
            """)).Output);

    /// <summary>What an earlier block put into the user's site is imported before a script, and so says CPython's own order.</summary>
    [Theory]
    [InlineData("print('custom')")]
    [InlineData("import sys; sys.custom = 1; print(sys.argv, sys.path[1:], list(vars(sys.modules['__main__'])))")]
    [InlineData("import builtins; builtins.custom = 1")]
    [InlineData("import atexit; atexit.register(print, 'at the end')")]
    [InlineData("class C:\n    def __del__(self): print('deleted')\nc = C()")]
    [InlineData("1 / 0")]
    [InlineData("raise ImportError('other')")]
    public async Task What_is_customized_in_the_user_site_holds_as_in_a_fresh_interpreter(string custom)
    {
        await using Session session = await ForkServerFixture.StartAsync();
        const string code = "import sys; print('script', getattr(sys, 'custom', None), 'usercustomize' in sys.modules, 'custom' in dir(__builtins__))";
        CodeResult result = await session.RunAsync(
            new("bash", $"""
                site=$(python3 -m site --user-site); mkdir -p "$site"
                cat > "$site/usercustomize.py" <<'END'
                {custom}
                END
                """),
            new("plain", "# filename: x.py\n" + code),
            new("python", "# filename: x.py\n" + code),
            new("bash", "rm -r /home/glovebox/.local"));
        Assert.Equal(ForkServerFixture.Describe(result.Blocks[1]), ForkServerFixture.Describe(result.Blocks[2]));
        Assert.Contains("script", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("raise SystemExit(3)")]
    [InlineData("raise KeyboardInterrupt")]
    public async Task A_customization_that_ends_the_interpreter_ends_a_script_before_it_begins(string custom)
    {
        await using Session session = await ForkServerFixture.StartAsync();
        string site = $"site=$(python3 -m site --user-site); mkdir -p \"$site\"; echo '{custom}' > \"$site/usercustomize.py\"";
        BlockResult plain = (await session.RunAsync(new("bash", site), new("plain", "print('never')"))).Blocks[1];
        BlockResult forked = (await session.RunAsync(new CodeBlock("python", "print('never')"))).Blocks[0];
        Assert.Equal((plain.ExitCode, plain.Termination, ""), (forked.ExitCode, forked.Termination, forked.StandardOutput));
        string[] expected = plain.StandardError.Split('\n'), lines = forked.StandardError.Split('\n');
        Assert.Equal(expected[..3], lines[..3]);
        Assert.Equal(expected[^3..], lines[^3..]);
    }

    [Fact]
    public async Task The_user_site_is_that_of_the_home_that_was_given()
    {
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { Environment = { ["HOME"] = "/workspace" } });
        await executor.StartAsync(Ct);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [
                new("bash", "site=$(python3 -m site --user-site); mkdir -p \"$site\"; echo 'value = 1' > \"$site/installed.py\""),
                new("python", "import installed, site; print(installed.value, site.getusersitepackages().startswith('/workspace/'))"),
            ],
            Ct);
        Assert.Equal("1 True\n", result.Output);
    }

    [Fact]
    public async Task A_package_in_a_user_site_that_an_earlier_block_made_is_imported()
    {
        await using Session session = await ForkServerFixture.StartAsync();
        string code = "import sys; print(sys.path)\nimport installed, linked; print(installed.__file__, linked.__file__, sys.flagged)";
        CodeResult result = await session.RunAsync(
            new("bash", """
                site=$(python3 -m site --user-site); mkdir -p "$site" elsewhere
                echo > "$site/installed.py"; echo > elsewhere/linked.py
                printf '/workspace/elsewhere\nimport sys; sys.flagged = "flagged"\n' > "$site/some.pth"
                """),
            new("plain", code),
            new("python", code));
        Assert.Equal("", result.StandardError);
        Assert.Equal(result.Blocks[1].Output, result.Blocks[2].Output);
        Assert.EndsWith("flagged\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_package_that_pip_installed_in_an_earlier_block_is_imported_and_so_is_its_next_version()
    {
        await using Session session = await ForkServerFixture.StartAsync();
        if ((await session.BashAsync("python3 -m pip --version")).ExitCode != 0)
        {
            Assert.Skip("pip is not installed.");
        }

        string use = "import glovebox_demo, importlib.metadata; print(glovebox_demo.version, importlib.metadata.version('glovebox-demo'))";
        CodeResult result = await session.RunAsync(
            new("python", BuildWheels),
            new("bash", "pip install --no-index --find-links=wheels glovebox-demo==1.0"),
            new("python", use),
            new("bash", "pip install --no-index --find-links=wheels --upgrade glovebox-demo"),
            new("python", use),
            new("bash", "glovebox-demo || ~/.local/bin/glovebox-demo"),
            new("bash", "pip uninstall --yes --quiet glovebox-demo 2> uninstall.txt || cat uninstall.txt"),
            new("python", use));
        Assert.Equal("1.0 1.0\n2.0 2.0\ncommand of 2.0\n", result.StandardOutput);
        Assert.Contains("ModuleNotFoundError: No module named 'glovebox_demo'", result.StandardError, StringComparison.Ordinal);
    }

    /// <summary>Wheels by hand: no build tool and no index is needed.</summary>
    private const string BuildWheels = """
        import os, zipfile
        os.mkdir('wheels')
        for version in '1.0', '2.0':
            info = f'glovebox_demo-{version}.dist-info'
            files = {
                'glovebox_demo/__init__.py': f'version = "{version}"\ndef main(): print("command of", version)\n',
                f'{info}/METADATA': f'Metadata-Version: 2.1\nName: glovebox-demo\nVersion: {version}\n',
                f'{info}/WHEEL': 'Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
                f'{info}/entry_points.txt': '[console_scripts]\nglovebox-demo = glovebox_demo:main\n',
            }
            files[f'{info}/RECORD'] = ''.join(f'{name},,\n' for name in [*files, f'{info}/RECORD'])
            with zipfile.ZipFile(f'wheels/glovebox_demo-{version}-py3-none-any.whl', 'w') as wheel:
                for name, text in files.items():
                    wheel.writestr(name, text)
        """;
}
