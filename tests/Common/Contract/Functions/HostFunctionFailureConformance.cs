using Microsoft.Extensions.Logging;
using static Glovebox.Tests.Common.FunctionSetups;

namespace Glovebox.Tests.Common.Contract.Functions;

/// <summary>Functions of the host that fail, take too long, are too many, or are not approved.</summary>
public abstract class HostFunctionFailureConformance(ExecutorKind kind)
{
    private const string Secret = "Server=db;Password=hunter2";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_exception_is_an_error_in_Python_that_says_nothing_of_the_host()
    {
        CollectingLogger log = new();
        await using Session session = await Session.StartAsync(
            kind, With(Function(int () => throw new InvalidOperationException(Secret), "fail"), Function(() => 1, "one")) with { LoggerFactory = log });
        CodeResult result = await session.PythonAsync(
            """
            from functions import fail, one, HostFunctionError
            try:
                fail()
            except HostFunctionError as e:
                print(e.code, '|', e)
            print(one())
            fail()
            """);
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("failed | the function failed\n1\n", result.StandardOutput);
        Assert.EndsWith("HostFunctionError: the function failed\n", result.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", result.Output, StringComparison.Ordinal);
        Assert.Contains(log.Entries, e => e.Level == LogLevel.Warning && e.Message.Contains("fail", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_exception_whose_message_is_meant_for_the_guest_is_told_in_full()
    {
        await using Session session = await Session.StartAsync(
            kind, With(Function(int () => throw new HostFunctionException("no such customer: „Ä“", new InvalidOperationException(Secret)), "find")));
        Assert.Equal("failed no such customer: „Ä“\n", await ErrorAsync(session, "functions.find()"));
    }

    [Fact]
    public async Task A_result_that_is_no_JSON_is_a_failure()
    {
        await using Session session = await Session.StartAsync(kind, With(Function(() => double.NaN, "nan")));
        Assert.Equal("failed the function failed\n", await ErrorAsync(session, "functions.nan()"));
    }

    [Fact]
    public async Task The_token_of_a_function_is_cancelled_when_the_block_times_out()
    {
        Waiting waiting = new();
        await using Session session = await Session.StartAsync(kind, With(waiting.Function));
        Running running = session.Begin("python", "import functions\nfunctions.wait()");
        await waiting.Begun.WaitAsync(Ct);
        session.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.True((await running.Completion).Blocks[0].TimedOut);
        await waiting.CancelledAsync();
        Assert.Equal("on\n", (await session.BashAsync("echo on")).Output);
    }

    [Fact]
    public async Task The_token_of_a_function_is_cancelled_when_the_caller_cancels()
    {
        Waiting waiting = new();
        await using Session session = await Session.StartAsync(kind, With(waiting.Function));
        using CancellationTokenSource cancellation = new();
        Running running = session.BeginCancellable([new("python", "import functions\nfunctions.wait()")], cancellation.Token);
        await waiting.Begun.WaitAsync(Ct);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        await waiting.CancelledAsync();
    }

    [Fact]
    public async Task The_token_of_a_function_is_cancelled_when_the_executor_stops()
    {
        Waiting waiting = new();
        await using Session session = await Session.StartAsync(kind, With(waiting.Function));
        Running running = session.Begin("python", "import functions\nfunctions.wait()");
        await waiting.Begun.WaitAsync(Ct);
        await session.Executor.StopAsync(Ct);
        await Assert.ThrowsAsync<ExecutorStoppedException>(() => running.Completion);
        await waiting.CancelledAsync();
    }

    [Fact]
    public async Task The_token_of_a_function_is_cancelled_when_the_process_that_called_has_ended()
    {
        Waiting waiting = new();
        await using Session session = await Session.StartAsync(kind, With(waiting.Function, Function(() => waiting.Begun, "until_begun"), Function(waiting.CancelledAsync, "until_cancelled")));
        CodeResult result = await session.PythonAsync(
            """
            import subprocess, sys
            from functions import until_begun, until_cancelled
            child = subprocess.Popen([sys.executable, '-c', 'import functions; functions.wait()'])
            until_begun()
            child.kill()
            until_cancelled()
            print('cancelled')
            """);
        Assert.Equal("cancelled\n", result.Output);
    }

    [Fact]
    public async Task A_function_that_heeds_no_token_does_not_delay_the_end_of_the_block()
    {
        TaskCompletionSource<int> never = new();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Session session = await Session.StartAsync(kind, With(Function(Never, "never"), Function(() => 1, "one")));
        Running running = session.Begin("python", "import functions\nfunctions.never()");
        await begun.Task.WaitAsync(Ct);
        session.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.True((await running.Completion).Blocks[0].TimedOut);
        Assert.Equal("1\n", (await session.PythonAsync("import functions\nprint(functions.one())")).Output);
        never.SetResult(0);

        Task<int> Never()
        {
            begun.SetResult();
            return never.Task;
        }
    }

    [Fact]
    public async Task A_function_that_needs_approval_runs_once_it_is_approved()
    {
        List<string> asked = [];
        int calls = 0;
        AIFunction pay = new ApprovalRequiredAIFunction(Function((int amount) => ++calls, "pay"));
        await using Session session = await Session.StartAsync(kind, With(pay).And(o => o.FunctionApproval = (context, _) =>
        {
            asked.Add($"{context.BlockIndex} {context.Block.Language} {context.Function.Name} {context.Arguments["amount"]}");
            return ValueTask.FromResult(Equals(context.Arguments["amount"]?.ToString(), "1") ? ApprovalDecision.Approve() : ApprovalDecision.Deny("too much"));
        }));
        Assert.Equal("1\n", (await session.PythonAsync("import functions\nprint(functions.pay(1))")).Output);
        Assert.Equal("not-approved The call was not approved. Reason: too much\n", await ErrorAsync(session, "functions.pay(1000)"));
        Assert.Equal(["0 python pay 1", "0 python pay 1000"], asked);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task Without_anyone_to_ask_a_function_that_needs_approval_never_runs()
    {
        int calls = 0;
        await using Session session = await Session.StartAsync(kind, With(new ApprovalRequiredAIFunction(Function(() => ++calls, "pay"))));
        Assert.Equal("not-approved The call was not approved. Reason: There is nobody to ask.\n", await ErrorAsync(session, "functions.pay()"));
        Assert.Equal(0, calls);
    }

    [Fact]
    public async Task Where_nobody_is_to_be_asked_an_approval_of_the_code_counts_for_that_code()
    {
        int calls = 0;
        await using Session session = await Session.StartAsync(kind, With(new ApprovalRequiredAIFunction(Function(() => ++calls, "pay"))));
        CodeBlock[] blocks = [new("python", "import functions\nprint(functions.pay())")];
        CodeExecutionOptions approved = new() { ApprovesFunctionCalls = true };
        Assert.Equal("1\n", (await session.Executor.ExecuteCodeBlocksAsync(blocks, approved, Ct)).Output);
        Assert.Equal(1, (await session.Executor.ExecuteCodeBlocksAsync(blocks, Ct)).ExitCode);
        Assert.Equal(1, calls);
    }

    [Fact]
    public async Task An_approval_that_throws_approves_nothing()
    {
        int calls = 0;
        await using Session session = await Session.StartAsync(
            kind, With(new ApprovalRequiredAIFunction(Function(() => ++calls, "pay"))).And(o => o.FunctionApproval = (_, _) => throw new InvalidOperationException(Secret)));
        Assert.Equal("failed the function failed\n", await ErrorAsync(session, "functions.pay()"));
        Assert.Equal(0, calls);
    }

    [Fact]
    public async Task Arguments_and_results_have_a_largest_size()
    {
        int calls = 0;
        AIFunction repeat = Function(
            (string text, int times) =>
            {
                calls++;
                return string.Concat(Enumerable.Repeat(text, times));
            },
            "repeat");
        await using Session session = await Session.StartAsync(
            kind, With(repeat).And(o => o.FunctionLimits = new() { MaxArgumentSize = 2048, MaxResultSize = 4096 }));

        // {"text":"…","times":1} around the text; two quotes around the result.
        Assert.Equal("2027\n", (await session.PythonAsync("import functions\nprint(len(functions.repeat('x' * 2027, 1)))")).Output);
        Assert.Equal("too-large the arguments have 2049 bytes; 2048 are allowed\n", await ErrorAsync(session, "functions.repeat('x' * 2028, 1)"));
        Assert.Equal("4094\n", (await session.PythonAsync("import functions\nprint(len(functions.repeat('x' * 89, 46)))")).Output);
        Assert.Equal("too-large the result has more than 4096 bytes\n", await ErrorAsync(session, "functions.repeat('x' * 1365, 3)"));
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Calls_in_a_second_have_a_largest_number()
    {
        int calls = 0;
        await using Session session = await Session.StartAsync(kind, With(Function(() => ++calls, "count")).And(o => o.FunctionLimits = new() { MaxCallsPerSecond = 5 }));
        const string Code =
            """
            import functions
            print([functions.count() for _ in range(5)])
            try:
                functions.count()
            except functions.HostFunctionError as e:
                print(e.code, e)
            """;
        Assert.Equal("[1, 2, 3, 4, 5]\ntoo-many-calls more than 5 calls in a second\n", (await session.PythonAsync(Code)).Output);
        session.Clock.Advance(TimeSpan.FromSeconds(0.4));
        Assert.Equal("[6, 7]\n", (await session.PythonAsync("import functions\nprint([functions.count(), functions.count()])")).Output);
        Assert.Equal("too-many-calls more than 5 calls in a second\n", await ErrorAsync(session, "functions.count()"));
        Assert.Equal(7, calls);
    }

    [Fact]
    public async Task Calls_on_their_way_have_a_largest_number()
    {
        TaskCompletionSource<int> held = new();
        int waiting = 0;
        await using Session session = await Session.StartAsync(
            kind,
            With(Function(Hold, "hold"), Function(() => Volatile.Read(ref waiting), "count_waiting"))
                .And(o => o.FunctionLimits = new() { MaxConcurrentCalls = 3 }));
        CodeResult result = await session.PythonAsync(
            """
            import threading
            from functions import hold, count_waiting, HostFunctionError
            threads = [threading.Thread(target=hold, daemon=True) for _ in range(2)]
            for thread in threads:
                thread.start()
            while count_waiting() < 2:
                pass
            def hold_when_there_is_room():
                while True:
                    try:
                        return hold()
                    except HostFunctionError:
                        pass
            threading.Thread(target=hold_when_there_is_room, daemon=True).start()
            while True:
                try:
                    count_waiting()
                except HostFunctionError as e:
                    print(e.code, e)
                    break
            """);
        Assert.Equal("too-many-calls more than 3 calls are on their way\n", result.StandardOutput);
        held.TrySetResult(1);

        Task<int> Hold()
        {
            Interlocked.Increment(ref waiting);
            return held.Task;
        }
    }

    [Fact]
    public async Task A_background_process_has_no_functions_between_blocks()
    {
        int calls = 0;
        await using Session session = await Session.StartAsync(kind, With(Function(() => ++calls, "count")));
        await session.BashAsync(
            "(until [ -e go ]; do sleep 0.01; done; glovebox-call count >out 2>&1; touch done) >/dev/null 2>&1 & exit");
        await session.Executor.Workspace.WriteAllTextAsync("go", "", Ct);
        await Eventually.HoldsAsync(() => File.Exists(session.Folder["done"]), "the call was answered");
        Assert.Equal("glovebox-call: no-block: no code block is running\n", await File.ReadAllTextAsync(session.Folder["out"], Ct));
        Assert.Equal(0, calls);
        Assert.Equal("1\n", (await session.BashAsync("glovebox-call count")).Output);
    }

    private static async Task<string> ErrorAsync(Session session, string call) => (await session.PythonAsync(
        $"""
        import functions
        try:
            {call}
        except functions.HostFunctionError as e:
            print(e.code, e)
        """)).Output;

    /// <summary>A function that returns when its token is cancelled.</summary>
    private sealed class Waiting
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Waiting() => Function = FunctionSetups.Function(WaitAsync, "wait");

        public AIFunction Function { get; }

        public Task Begun => _begun.Task;

        public Task CancelledAsync() => _cancelled.Task.WaitAsync(TimeSpan.FromSeconds(45), Ct);

        private async Task WaitAsync(CancellationToken cancellationToken)
        {
            await using CancellationTokenRegistration registration = cancellationToken.Register(_cancelled.SetResult);
            _begun.SetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }
}
