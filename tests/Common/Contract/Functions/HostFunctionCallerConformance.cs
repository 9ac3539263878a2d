using System.Collections.Concurrent;
using System.Diagnostics;
using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>Who may call a function of the host, and how often.</summary>
public abstract class HostFunctionCallerConformance(ExecutorKind kind)
{
    private static readonly AIFunction Next = Function((int n) => n + 1, "next_number");

    [Fact]
    public async Task Ten_thousand_calls_in_one_block()
    {
        await using Session session = await Session.StartAsync(kind, With(Next));
        CodeResult result = await session.PythonAsync(
            """
            from functions import next_number
            n = 0
            for _ in range(10_000):
                n = next_number(n)
            print(n)
            """);
        Assert.Equal("10000\n", result.Output);
    }

    [Fact]
    public async Task Threads_call_at_the_same_time()
    {
        // Each call waits for the others, so none returns unless all are on their way at once.
        Barrier barrier = new(8);
        await using Session session = await Session.StartAsync(kind, With(Function(Meet, "meet")));
        CodeResult result = await session.PythonAsync(
            """
            from concurrent.futures import ThreadPoolExecutor
            from functions import meet
            with ThreadPoolExecutor(8) as pool:
                print(sorted(pool.map(meet, range(8))))
            """);
        Assert.Equal("[0, 1, 2, 3, 4, 5, 6, 7]\n", result.Output);

        Task<int> Meet(int n) => Task.Factory.StartNew(
            () =>
            {
                barrier.SignalAndWait(TestContext.Current.CancellationToken);
                return n;
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    [Fact]
    public async Task Child_processes_call_over_connections_of_their_own()
    {
        await using Session session = await Session.StartAsync(kind, With(Next));
        CodeResult result = await session.PythonAsync(
            """
            import multiprocessing, os, subprocess, sys
            from functions import next_number
            def work(n):
                for _ in range(200):
                    n = next_number(n)
                return n
            if __name__ == '__main__':
                print(next_number(0), flush=True)
                with multiprocessing.get_context('fork').Pool(4) as pool:
                    print(pool.map(work, [0, 1000, 2000, 3000]), work(4000), flush=True)
                subprocess.run([sys.executable, '-c', 'from functions import next_number; print(next_number(1))'], check=True)
                os.system('glovebox-call next_number \'{"n": 2}\'')
            """);
        Assert.Equal("1\n[200, 1200, 2200, 3200] 4200\n2\n3\n", result.Output);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("sh")]
    public async Task Shell_blocks_call_by_a_command(string shell)
    {
        await using Session session = await Session.StartAsync(
            kind, With(Next, Function((string text) => text.ToUpperInvariant(), "upper"), Function(() => Enumerable.Range(1, 2), "numbers")));
        CodeResult result = await session.RunAsync(new CodeBlock(
            shell,
            """
            glovebox-call next_number '{"n": 41}'
            glovebox-call upper '{"text": "grüße\nzwei"}'
            echo '{"text": "piped"}' | glovebox-call upper -
            glovebox-call numbers
            """));
        Assert.Equal((0, "42\nGRÜßE\nZWEI\nPIPED\n[1,2]\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task The_command_says_what_went_wrong()
    {
        await using Session session = await Session.StartAsync(kind, With(Next));
        CodeResult result = await session.BashAsync("glovebox-call nothing; echo $?; glovebox-call next_number '[1'; echo $?; glovebox-call 2>/dev/null; echo $?");
        Assert.Equal("1\n1\n2\n", result.StandardOutput);
        Assert.Equal(
            "glovebox-call: unknown-function: there is no such function\nglovebox-call: invalid-arguments: the arguments are not a JSON object, or are nested too deeply\n",
            result.StandardError);
    }

    [Fact]
    public async Task A_module_of_the_users_functions_calls_the_host()
    {
        await using Session session = await Session.StartAsync(
            kind, With(Next, FunctionWithRequirements.FromSource("def after_next(n):\n    return next_number(next_number(n))")));
        Assert.Equal("3\n", (await session.PythonAsync("from functions import after_next\nprint(after_next(1))")).Output);
    }

    [Fact]
    public async Task Each_block_of_a_list_calls_and_its_updates_are_in_the_stream()
    {
        await using Session session = await Session.StartAsync(kind, With(Next));
        Running running = session.Begin(
        [
            new("python", "from functions import next_number\nprint('a', flush=True)\nnext_number(1)\nprint('b')"),
            new("bash", "glovebox-call next_number '{\"n\": 2}' >/dev/null; glovebox-call next_number '{}' 2>/dev/null; true"),
        ]);
        await running.Completion;
        FunctionCalledUpdate[] calls = [.. running.Updates.OfType<FunctionCalledUpdate>()];
        Assert.Equal(
            [(0, "next_number", "{\"n\":1}", null), (1, "next_number", "{\"n\": 2}", null), (1, "next_number", "{}", "invalid-arguments")],
            calls.Select(c => (c.BlockIndex, c.FunctionName, c.Arguments, c.ErrorCode)));
        // What was printed before the call may be read after it; what is printed after its answer comes after it.
        CodeExecutionUpdate[] first = [.. running.Updates.Where(u => u.BlockIndex == 0)];
        string after = string.Concat(first.SkipWhile(u => u is not FunctionCalledUpdate).OfType<OutputReceivedUpdate>().Select(u => u.Text));
        Assert.EndsWith("b\n", after, StringComparison.Ordinal);
        Assert.Equal(("BlockStartedUpdate", "BlockCompletedUpdate"), (first[0].GetType().Name, first[^1].GetType().Name));
    }

    [Fact]
    public async Task Each_call_is_an_activity_within_that_of_the_caller()
    {
        ConcurrentQueue<Activity> ended = [];
        using Activity caller = new Activity("caller").Start();
        using ActivityListener listener = new()
        {
            ShouldListenTo = source => source.Name == "Glovebox",
            Sample = (ref ActivityCreationOptions<ActivityContext> options) => options.Parent.TraceId == caller.TraceId ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        AsyncLocal<string> ambient = new() { Value = "the caller's" };
        await using Session session = await Session.StartAsync(kind, With(Next, Function(() => ambient.Value, "ambient")));
        CodeResult result = await session.PythonAsync("import functions\nprint(functions.next_number(1), functions.ambient())\nfunctions.next_number('x')");
        Assert.Equal("2 the caller's\n", result.StandardOutput);
        Activity[] calls = [.. ended.Where(a => a.OperationName.StartsWith("execute_tool ", StringComparison.Ordinal))];
        Assert.Equal(
            [("execute_tool next_number", null), ("execute_tool ambient", null), ("execute_tool next_number", "invalid-arguments")],
            calls.Select(a => (a.OperationName, (string?)a.GetTagItem("error.type"))));
        Assert.All(calls, a => Assert.Equal(caller.SpanId, a.ParentSpanId));
    }

    [Fact]
    public async Task Calls_one_after_the_other_are_not_at_the_same_time()
    {
        await using Session session = await Session.StartAsync(kind, With(Next).And(o => o.FunctionLimits = new() { MaxConcurrentCalls = 1 }));
        CodeResult result = await session.PythonAsync(
            """
            import threading
            from functions import next_number
            # Each call comes over another connection, right after the answer to the one before.
            turns = [threading.Semaphore(0) for _ in range(4)]
            failed = []
            def work(i):
                for n in range(200):
                    turns[i].acquire()
                    try:
                        next_number(n)
                    except Exception as e:
                        failed.append(e)
                    turns[(i + 1) % 4].release()
            threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
            for thread in threads:
                thread.start()
            turns[0].release()
            for thread in threads:
                thread.join()
            print(failed)
            """);
        Assert.Equal("[]\n", result.Output);
    }

    [Fact]
    public async Task Guest_code_holds_no_descriptor_of_the_channel()
    {
        await using Session session = await Session.StartAsync(kind, With(Next));
        CodeResult result = await session.PythonAsync(
            """
            import os
            from functions import next_number
            def descriptors():
                return [fd for fd in range(3, 4096) if os.path.exists('/proc/self/fd/%d' % fd)]
            before = descriptors()
            next_number(1)
            print(before, len(descriptors()) - len(before))
            """);
        Assert.EndsWith("] 1\n", result.Output, StringComparison.Ordinal);
        if (kind.IsIsolated)
        {
            Assert.Equal("[] 1\n", result.Output);
        }
    }
}
