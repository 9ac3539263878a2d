using System.Text;

namespace Glovebox.Tests.Common.Contract.Interpreters;

/// <summary>What a Python context is, wherever it lives.</summary>
public abstract class PythonContextConformance(InterpreterFixture fixture) : IAsyncLifetime
{
    private TestContextOfCode Python { get; set; } = null!;

    public async ValueTask InitializeAsync() => Python = await TestContextOfCode.MakeAsync(fixture.Executor);

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Python.Context.CloseAsync();
    }

    [Fact]
    public async Task What_one_block_defines_the_next_one_has()
    {
        await Python.PrintsAsync("import math\nradius = 2\ndef area(r):\n    return math.pi * r ** 2");
        Assert.Equal("12.566\n", await Python.PrintsAsync("print(round(area(radius), 3))"));
        Assert.Equal(2, Python.Context.BlockCount);
    }

    [Fact]
    public async Task A_fresh_context_holds_what_a_fresh_python_holds() => Assert.Equal(
        "[]\n__main__ ['']\n",
        await Python.PrintsAsync(
            "print([n for n in dir() if not n.startswith('__')])\nimport sys\nprint(__name__, sys.argv)"));

    [Theory]
    [InlineData("6 * 7", "42\n", "42")]
    [InlineData("x = 1\n'a\\n'", "'a\\n'\n", "'a\\n'")]
    [InlineData("None", "", null)]
    [InlineData("6 * 7;", "", null)]
    [InlineData("6 * 7  ;  # not shown", "", null)]
    [InlineData("';'", "';'\n", "';'")]
    [InlineData("x = 3", "", null)]
    [InlineData("for i in range(2): i", "", null)]
    [InlineData("print('a')\n{'b': 1}", "a\n{'b': 1}\n", "{'b': 1}")]
    [InlineData("list(range(40))", "*", "*\n*")]
    public async Task The_value_of_the_last_expression_is_shown(string code, string output, string? display)
    {
        BlockResult result = await Python.RunAsync(code);
        Assert.Equal(0, result.ExitCode);
        if (output != "*")
        {
            Assert.Equal(output, result.Output);
        }

        DisplayOutput? shown = result.Displays.SingleOrDefault();
        if (display == "*\n*")
        {
            Assert.True(Text(shown!, "text/plain").Split('\n').Length > 1, "A long list is broken into lines.");
        }
        else
        {
            Assert.Equal(display, shown is null ? null : Text(shown, "text/plain"));
        }
    }

    [Fact]
    public async Task Rich_representations_are_shown_with_all_their_forms()
    {
        BlockResult result = await Python.RunAsync(
            """
            class Table:
                def __repr__(self): return 'a table'
                def _repr_html_(self): return '<table></table>'
                def _repr_png_(self): return b'\x89PNG'
                def _repr_latex_(self): raise NotImplementedError
                def _repr_markdown_(self): return None
                def _repr_mimebundle_(self, include=None, exclude=None): return {'application/json': {'rows': 1}}
            Table()
            """);
        Assert.Equal("a table\n", result.Output);
        DisplayOutput shown = Assert.Single(result.Displays);
        Assert.Equal(["application/json", "image/png", "text/html", "text/plain"], shown.Data.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("<table></table>", Text(shown, "text/html"));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], shown.Data["image/png"].ToArray());
        Assert.Equal("{\"rows\": 1}", Text(shown, "application/json"));
        Assert.Contains("text/html", shown.Files.Keys);
    }

    [Fact]
    public async Task A_form_that_fails_is_told_of_and_the_others_are_shown()
    {
        BlockResult result = await Python.RunAsync("class A:\n    def _repr_html_(self): return 1/0\nA()");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("ZeroDivisionError", result.StandardError, StringComparison.Ordinal);
        Assert.Equal(["text/plain"], Assert.Single(result.Displays).Data.Keys);
    }

    [Fact]
    public async Task Display_shows_in_order_with_what_is_printed_and_can_be_changed()
    {
        BlockResult result = await Python.RunAsync(
            "print('a')\nh = display(1, display_id=True)\nprint('b')\nh.update(2)\ndisplay('c')");
        Assert.Equal("a\n1\nb\n2\n'c'\n", result.Output);
        Assert.Equal(["2", "'c'"], result.Displays.Select(d => Text(d, "text/plain")));
    }

    [Fact]
    public async Task IPythons_display_works_whether_or_not_it_is_installed()
    {
        BlockResult result = await Python.RunAsync(
            "from IPython.display import HTML, display, clear_output\nprint('gone')\nclear_output()\ndisplay(HTML('<b>x</b>'))");
        Assert.Equal(0, result.ExitCode);
        Assert.DoesNotContain("gone", result.Output, StringComparison.Ordinal);
        Assert.Equal("<b>x</b>", Text(Assert.Single(result.Displays), "text/html"));
    }

    [Fact]
    public async Task A_traceback_names_the_blocks_and_their_lines_and_nothing_of_ours()
    {
        await Python.PrintsAsync("def half(n):\n    # comment\n    return n / 0");
        BlockResult result = await Python.RunAsync("x = 1\nhalf(x)");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal(TerminationReason.Exited, result.Termination);
        Assert.Matches(
            """
            ^Traceback \(most recent call last\):
              File "<block 2>", line 2, in <module>
                half\(x\)
              File "<block 1>", line 3, in half
                return n / 0
            ( +[~^]+
            )?ZeroDivisionError: division by zero
            $
            """.ReplaceLineEndings("\n"),
            result.StandardError);
        Assert.Equal("1\n", await Python.PrintsAsync("print(x)"));
    }

    [Theory]
    [InlineData("def broken(:\n  pass", "SyntaxError")]
    [InlineData("if True:\nx = 1", "IndentationError")]
    [InlineData("return 1", "'return' outside function")]
    public async Task Code_that_is_no_python_is_an_error_without_a_trace(string code, string error)
    {
        BlockResult result = await Python.RunAsync("y = 1\n" + code);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(error, result.StandardError, StringComparison.Ordinal);
        Assert.Contains("<block 1>", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("Traceback", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("glovebox", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Await_works_at_the_top_level_and_tasks_go_on_between_blocks()
    {
        Assert.Equal("7\n", await Python.PrintsAsync(
            """
            import asyncio
            done = []
            async def later():
                await asyncio.sleep(0.05)
                done.append('later')
                return 7
            async def forever():
                while True:
                    await asyncio.sleep(0.01)
            await later()
            """));
        BlockResult result = await Python.RunAsync("async def begin():\n    return asyncio.ensure_future(forever())\ntask = await begin()");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("asyncio tasks", result.NotInCheckpoint);
        await Python.PrintsAsync("async def begin():\n    return asyncio.ensure_future(later())\nsecond = await begin()");
        await Eventually.HoldsAsync(
            async () => await Python.PrintsAsync("print(len(done))") == "2\n", "The task goes on while no block runs");
        Assert.Equal("True\n", await Python.PrintsAsync("task.cancel()"));
        Assert.Equal("9\n", await Python.PrintsAsync("async def nine(): return 9\nprint(asyncio.run(nine()))"));
    }

    [Fact]
    public async Task Input_is_refused_with_words()
    {
        BlockResult result = await Python.RunAsync("name = input('Who? ')");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("EOFError: input() gets no answer here: put the values into the code.", result.StandardError, StringComparison.Ordinal);
        Assert.Equal("''\n", await Python.PrintsAsync("import sys\nsys.stdin.read()"));
    }

    [Theory]
    [InlineData("sys.exit()", 0, "")]
    [InlineData("sys.exit(3)", 3, "")]
    [InlineData("sys.exit('why')", 1, "why\n")]
    [InlineData("exit(4)", 4, "")]
    [InlineData("raise SystemExit(260)", 4, "")]
    public async Task Exit_ends_the_block_and_not_the_context(string exit, int code, string errors)
    {
        BlockResult result = await Python.RunAsync($"import sys\nkept = 1\n{exit}\nprint('not reached')");
        Assert.Equal((code, TerminationReason.Exited, errors), (result.ExitCode, result.Termination, result.StandardError));
        Assert.Equal((0, false), (result.UndoneBlocks, result.StateLost));
        Assert.Equal("1\n", await Python.PrintsAsync("print(kept)"));
    }

    [Fact]
    public async Task Functions_of_earlier_blocks_can_be_inspected_pickled_and_run_by_other_processes()
    {
        await Python.PrintsAsync("def double(n):\n    '''\n    >>> double(2)\n    4\n    '''\n    return 2 * n");
        Assert.Equal(
            """
            def double(n):
                '''
                >>> double(2)
                4
                '''
                return 2 * n
            TestResults(failed=0, attempted=1)
            6
            [2, 4]

            """.ReplaceLineEndings("\n"),
            await Python.PrintsAsync(
                """
                import doctest, inspect, multiprocessing, pickle
                print(inspect.getsource(double))
                print(doctest.testmod())
                print(pickle.loads(pickle.dumps(double))(3))
                with multiprocessing.get_context('fork').Pool(2) as pool:
                    print(pool.map(double, [1, 2]))
                """));
    }

    [Theory]
    [InlineData("who = 'you'\n!echo hello {who} $((1+1))", "hello you 2\n")]
    [InlineData("for n in (1, 2):\n    !echo {n}", "1\n2\n")]
    [InlineData("lines = !printf 'a\\nb\\n'\nprint(lines)", "['a', 'b']\n")]
    [InlineData("%%bash\nx=5\necho $x", "5\n")]
    [InlineData("x = (10\n  % 4)\nprint(x)", "2\n")]
    [InlineData("s = '''\n!not run\n%not either\n'''\nprint(len(s))", "22\n")]
    public async Task Commands_that_models_write_because_notebooks_have_them_work(string code, string output) =>
        Assert.Equal(output, await Python.PrintsAsync(code));

    [Fact]
    public async Task Pip_runs_as_a_line()
    {
        BlockResult result = await Python.RunAsync("%pip --version");
        Assert.Contains("pip", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%matplotlib inline", "%matplotlib is a magic of Jupyter")]
    [InlineData("x = 1\n%timeit x", "%timeit is a magic of Jupyter")]
    [InlineData("%%html\n<b>x</b>", "%%html is a magic of Jupyter")]
    public async Task Other_magics_are_an_error_that_names_jupyter(string code, string error)
    {
        BlockResult result = await Python.RunAsync(code);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(error, result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("glovebox", result.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Threads_go_on_and_what_they_print_meanwhile_is_the_next_blocks()
    {
        BlockResult result = await Python.RunAsync(
            """
            import threading
            go, said = threading.Event(), threading.Event()
            def work():
                go.wait()
                print('from the thread', flush=True)
                said.set()
                threading.Event().wait()
            threading.Thread(target=work, daemon=True).start()
            """);
        Assert.Equal(["threads"], result.NotInCheckpoint);
        await Python.PrintsAsync("threading.Timer(0.05, go.set).start()");
        Assert.Contains("from the thread\n", await Python.PrintsAsync("said.wait()\nprint('next')"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_block_can_have_arguments_variables_and_input_of_its_own()
    {
        const string Look = "import os, sys\nprint(sys.argv[1:], os.environ.get('LENT'), sys.stdin.read())";
        CodeExecutionOptions options = new()
        {
            Arguments = ["a", "b c"],
            Environment = new Dictionary<string, string> { ["LENT"] = "yes" },
            StandardInput = Encoding.UTF8.GetBytes("in"),
        };
        Assert.Equal("['a', 'b c'] yes in\n", (await Python.RunAsync(Look, options)).Output);
        Assert.Equal("[] None \n", await Python.PrintsAsync(Look));
    }

    [Fact]
    public async Task Input_arrives_where_python_makes_no_files_in_memory()
    {
        await Python.PrintsAsync("import os, sys\ndel os.memfd_create");
        CodeExecutionOptions options = new() { StandardInput = Encoding.UTF8.GetBytes("in") };
        Assert.Equal("in\n", (await Python.RunAsync("print(sys.stdin.read())", options)).Output);
    }

    [Fact]
    public async Task What_pip_has_installed_for_the_user_comes_before_what_the_system_has()
    {
        await Python.PrintsAsync("""
            import os, site, sys
            sys.path.append('/system/site-packages')
            site.ENABLE_USER_SITE, site.USER_SITE = True, os.path.abspath('user/site-packages')
            os.makedirs(site.USER_SITE)
            """);
        Assert.Equal("True\n", await Python.PrintsAsync("print([p for p in sys.path if p.endswith('-packages')][0] == site.USER_SITE)"));
    }

    [Fact]
    public async Task With_unbuffered_output_all_that_is_printed_arrives_at_once()
    {
        TestContextOfCode python = Python.Of(await fixture.Executor.CreateContextAsync(
            new() { Environment = new Dictionary<string, string> { ["PYTHONUNBUFFERED"] = "1" } }, TestContext.Current.CancellationToken));
        BlockResult result = await python.RunAsync(
            "import os, sys\nprint('a', end='')\nsys.stdout.buffer.write(b'b')\nprint('c', end='', file=sys.stderr)\nos._exit(1)");
        Assert.Equal("ab", result.StandardOutput);
        Assert.StartsWith("c", result.StandardError, StringComparison.Ordinal);
        await python.Context.CloseAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task An_interrupt_ends_the_block_and_keeps_what_it_defined()
    {
        Running running = Python.Start("import time\nkept = 5\nprint('began', flush=True)\ntime.sleep(600)");
        await running.PrintsAsync("began");
        Assert.True(await Python.Context.InterruptAsync());
        BlockResult result = (await running.Completion).Blocks[0];
        Assert.Equal((130, TerminationReason.Exited, 0), (result.ExitCode, result.Termination, result.UndoneBlocks));
        Assert.Contains("KeyboardInterrupt", result.StandardError, StringComparison.Ordinal);
        Assert.Equal("5\n", await Python.PrintsAsync("print(kept)"));
        Assert.False(await Python.Context.InterruptAsync());
    }

    [Fact]
    public async Task What_threads_show_at_the_same_time_is_shown_whole()
    {
        BlockResult result = await Python.RunAsync(
            """
            import threading
            def work(letter):
                for _ in range(5):
                    display({'text/html': letter * 400_000}, raw=True)
            threads = [threading.Thread(target=work, args=(letter,)) for letter in 'abcd']
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            """);
        Assert.Equal((0, 0), (result.ExitCode, result.UndoneBlocks));
        string[] shown = [.. result.Displays.Select(d => Text(d, "text/html"))];
        Assert.Equal(20, shown.Length);
        Assert.All(shown, text => Assert.Equal(new string(text[0], 400_000), text));
    }

    [Fact]
    public async Task A_display_that_is_too_large_is_dropped_and_nothing_else()
    {
        BlockResult result = await Python.RunAsync(
            "kept = 1\ndisplay({'text/html': 'x' * (65 << 20)}, raw=True)\ndisplay({'text/html': 'small'}, raw=True)");
        Assert.Equal((0, 0), (result.ExitCode, result.UndoneBlocks));
        Assert.Contains("[... a message of 681", result.Output, StringComparison.Ordinal);
        Assert.Equal("small", Text(Assert.Single(result.Displays), "text/html"));
        Assert.Equal("1\n", await Python.PrintsAsync("print(kept)"));
    }

    [Fact]
    public async Task Code_with_a_nul_is_refused()
    {
        BlockResult result = await Python.RunAsync("x = '\0'");
        Assert.Equal((1, TerminationReason.NotStarted, "The code holds a NUL character.\n"), (result.ExitCode, result.Termination, result.Output));
    }

    [Fact]
    public async Task A_from_future_import_holds_for_later_blocks()
    {
        await Python.PrintsAsync("from __future__ import annotations");
        Assert.Equal("{'a': 'Missing'}\n", await Python.PrintsAsync("def f(a: Missing): pass\nprint(f.__annotations__)"));
    }

    [Fact]
    public async Task Builtins_that_a_block_replaces_are_replaced_for_blocks_alone()
    {
        await Python.RunAsync("import builtins\nbuiltins.len = builtins.repr = builtins.isinstance = builtins.open = None");
        Assert.Equal("1\n", await Python.PrintsAsync("print(1)"));
    }

    [Fact]
    public async Task A_fork_that_comes_to_the_end_of_the_block_ends_there() => Assert.Equal(
        "child\nparent 3\n",
        await Python.PrintsAsync(
            """
            import os, sys
            pid = os.fork()
            if pid == 0:
                print('child')
                sys.exit(3)
            print('parent', os.WEXITSTATUS(os.waitpid(pid, 0)[1]))
            """));

    [Fact]
    public async Task A_block_that_waits_for_all_children_meets_none_of_ours() => Assert.Equal(
        "no children\n",
        await Python.PrintsAsync("import os\ntry:\n    os.wait()\nexcept ChildProcessError:\n    print('no children')"));

    private static string Text(DisplayOutput display, string type) => Encoding.UTF8.GetString(display.Data[type].Span);
}
