using System.Diagnostics;
using Glovebox.Tests.Support;

namespace Glovebox.Tests.Conformance;

/// <summary>Cancellation, start, stop and disposal.</summary>
public abstract class LifeCycleConformance(ExecutorKind kind)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private static readonly CodeBlock Echo = new("bash", "echo on");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cancellation_kills_and_throws_with_the_callers_token()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        using CancellationTokenSource cancellation = new();
        string code = $"{HeldFile.Lock("lock")}\n{GuestPrograms.Daemon(marker)}\nprint('ready')\nimport signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)";
        Running running = session.BeginCancellable([new("python", code), new("bash", "touch never")], cancellation.Token);
        await running.PrintsAsync("ready");
        await HostProcesses.AppearsAsync(marker);
        Assert.True(HeldFile.IsHeld(session.Folder["lock"]));

        long started = Stopwatch.GetTimestamp();
        await cancellation.CancelAsync();
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Completion);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Grace);
        Assert.Equal(cancellation.Token, e.CancellationToken);
        await HostProcesses.AreGoneAsync(marker);
        await HeldFile.IsFreeAsync(session.Folder["lock"]);
        Assert.False(File.Exists(session.Folder["never"]));
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Fact]
    public async Task Cancellation_of_the_folded_call_throws_with_the_callers_token_too()
    {
        await using Session session = await Session.StartAsync(kind);
        using CancellationTokenSource cancellation = new();
        Task<CodeResult> running = session.Executor.ExecuteCodeBlocksAsync([new("bash", "touch ready; exec sleep 600")], cancellation.Token);
        await Eventually.HoldsAsync(() => File.Exists(session.Folder["ready"]), "the program runs");
        await cancellation.CancelAsync();
        Assert.Equal(cancellation.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running)).CancellationToken);
    }

    [Fact]
    public async Task A_token_that_is_cancelled_already_runs_nothing()
    {
        await using Session session = await Session.StartAsync(kind);
        CancellationToken cancelled = new(canceled: true);
        OperationCanceledException e = await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => session.Executor.ExecuteCodeBlocksAsync([new("bash", "touch never")], cancelled));
        Assert.Equal(cancelled, e.CancellationToken);
        Assert.Empty(session.Folder.Entries());
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Fact]
    public async Task An_execution_that_waits_for_its_turn_is_cancelled_at_once_and_the_running_one_goes_on()
    {
        await using Session session = await Session.StartAsync(kind);
        Running first = session.Begin("bash", "echo ready; until [ -e go ]; do sleep 0.01; done; echo done");
        await first.PrintsAsync("ready");
        using CancellationTokenSource cancellation = new();
        Running second = session.BeginCancellable([Echo], cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.Completion);
        await File.WriteAllTextAsync(session.Folder["go"], "", Ct);
        Assert.Equal("ready\ndone\n", (await first.Completion).Output);
    }

    [Fact]
    public async Task A_reader_that_leaves_early_leaves_no_program_behind()
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        await foreach (CodeExecutionUpdate update in session.Executor.ExecuteCodeBlocksStreamingAsync([new("bash", $"(exec -a {marker} sleep 600) & echo ready; wait")], Ct))
        {
            if (update is OutputReceivedUpdate)
            {
                await HostProcesses.AppearsAsync(marker);
                break;
            }
        }

        await HostProcesses.AreGoneAsync(marker);
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Theory]
    [InlineData("dispose")]
    [InlineData("stop")]
    [InlineData("restart")]
    public async Task Ending_the_executor_during_a_run_kills_the_program_and_tells_its_caller(string how)
    {
        await using Session session = await Session.StartAsync(kind);
        string marker = HostProcesses.NewMarker();
        Running running = session.Begin("bash", $"exec 9> lock; flock 9; (exec -a {marker} sleep 600) & echo ready; trap '' TERM; wait; sleep 600");
        await running.PrintsAsync("ready");
        await HostProcesses.AppearsAsync(marker);
        Running waiting = session.Begin([Echo]);

        long started = Stopwatch.GetTimestamp();
        Task ending = how switch
        {
            "dispose" => session.Executor.DisposeAsync().AsTask(),
            "stop" => session.Executor.StopAsync(Ct),
            _ => session.Executor.RestartAsync(Ct),
        };
        ExecutorStoppedException e = await Assert.ThrowsAsync<ExecutorStoppedException>(() => running.Completion);
        Assert.Equal("executor-stopped", e.Code);
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, Grace);
        await ending;
        await HostProcesses.AreGoneAsync(marker);
        await HeldFile.IsFreeAsync(session.Folder["lock"]);

        await Assert.ThrowsAsync<ExecutorStoppedException>(() => waiting.Completion);
        if (how == "restart")
        {
            Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
        }
    }

    [Fact]
    public async Task A_start_with_a_token_that_is_cancelled_already_starts_nothing_and_can_be_repeated()
    {
        using TestFolder folder = new();
        await using ICodeExecutor executor = kind.Create(new() { WorkDir = folder["work"] });
        CancellationToken cancelled = new(canceled: true);
        Assert.Equal(cancelled, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => executor.StartAsync(cancelled))).CancellationToken);
        Assert.Empty(folder.Entries());
        Assert.Throws<InvalidOperationException>(() => { _ = executor.ExecuteCodeBlocksStreamingAsync([Echo], Ct); });
        await executor.StartAsync(Ct);
        Assert.Equal("on\n", (await executor.ExecuteCodeBlocksAsync([Echo], Ct)).Output);
    }

    [Fact]
    public async Task Starts_stops_and_executions_at_the_same_time_leave_an_executor_that_works()
    {
        await using Session session = await Session.StartAsync(kind);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            for (int i = 0; i < 8; i++)
            {
                switch ((worker + i) % 4)
                {
                    case 0:
                        await session.Executor.StartAsync(Ct);
                        break;
                    case 1:
                        await session.Executor.StopAsync(Ct);
                        break;
                    case 2:
                        await session.Executor.RestartAsync(Ct);
                        break;
                }

                try
                {
                    Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
                }
                catch (Exception e) when (e is InvalidOperationException or ExecutorStoppedException)
                {
                    // Another has stopped it, before this call or during it.
                }
            }
        })));
        await session.Executor.StartAsync(Ct);
        Assert.Equal("on\n", (await session.RunAsync(Echo)).Output);
    }

    [Fact]
    public async Task Use_before_the_start_and_after_the_stop_is_an_error_at_the_call()
    {
        using TestFolder folder = new();
        ICodeExecutor executor = kind.Create(new() { WorkDir = folder.Path });
        await using (executor)
        {
            await RefusesAsync<InvalidOperationException>(executor);
            await executor.StopAsync(Ct);
            await executor.StartAsync(Ct);
            Assert.Equal("on\n", (await executor.ExecuteCodeBlocksAsync([Echo], Ct)).Output);
            await executor.StopAsync(Ct);
            await executor.StopAsync(Ct);
            await RefusesAsync<InvalidOperationException>(executor);
            await executor.StartAsync(Ct);
            Assert.Equal("on\n", (await executor.ExecuteCodeBlocksAsync([Echo], Ct)).Output);
        }

        await executor.DisposeAsync();
        await RefusesAsync<ObjectDisposedException>(executor);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => executor.StartAsync(Ct));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => executor.RestartAsync(Ct));
        Assert.True(Directory.Exists(folder.Path));

        static async Task RefusesAsync<T>(ICodeExecutor executor)
            where T : Exception
        {
            Assert.Throws<T>(() => { _ = executor.ExecuteCodeBlocksStreamingAsync([Echo], Ct); });
            await Assert.ThrowsAsync<T>(() => executor.Workspace.ListAsync(Ct));
            await Assert.ThrowsAsync<T>(() => executor.Workspace.OpenReadAsync("x", Ct));
            await Assert.ThrowsAsync<T>(() => executor.Workspace.WriteAsync("x", Stream.Null, Ct));
            await Assert.ThrowsAsync<T>(() => executor.Workspace.DeleteAsync("x", Ct));
        }
    }

    [Fact]
    public async Task Use_after_disposal_is_an_error_even_if_it_was_never_started()
    {
        ICodeExecutor executor = kind.Create(new());
        await executor.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => executor.StartAsync(Ct));
    }

    [Fact]
    public async Task No_blocks_is_an_argument_error()
    {
        await using Session session = await Session.StartAsync(kind);
        await Assert.ThrowsAsync<ArgumentException>(() => session.RunAsync());
        await Assert.ThrowsAsync<ArgumentException>(() => session.RunAsync(Echo, null!));
        await Assert.ThrowsAsync<ArgumentException>(() => session.RunAsync(new CodeBlock(null!, "x")));
        await Assert.ThrowsAsync<ArgumentException>(() => session.RunAsync(new CodeBlock("bash", null!)));
        await Assert.ThrowsAsync<ArgumentNullException>(() => session.Executor.ExecuteCodeBlocksAsync(null!, Ct));
    }

    [Fact]
    public async Task A_work_directory_is_made_when_missing_and_stays()
    {
        using TestFolder folder = new();
        ICodeExecutor executor = kind.Create(new() { WorkDir = folder["new/deep"] });
        await using (executor)
        {
            await executor.StartAsync(Ct);
            await executor.ExecuteCodeBlocksAsync([new("bash", "echo kept > file.txt")], Ct);
        }

        Assert.Equal("kept\n", await File.ReadAllTextAsync(folder["new/deep/file.txt"], Ct));
    }

    [Fact]
    public async Task A_work_directory_of_the_executors_own_is_deleted_with_it_whatever_is_in_it()
    {
        using TestFolder outside = new();
        await File.WriteAllTextAsync(outside["kept"], "kept", Ct);
        string unique = HostProcesses.NewMarker();
        ICodeExecutor executor = kind.Create(new());
        string? made;
        await using (executor)
        {
            await executor.StartAsync(Ct);
            CodeResult result = await executor.ExecuteCodeBlocksAsync(
                [
                    new("python", $"""
                        import os
                        open('{unique}', 'w'); open(b'not-\xff-utf8', 'w'); os.symlink('{outside.Path}', 'link')
                        os.makedirs('locked/in'); open('locked/in/x', 'w'); os.chmod('locked/in', 0); os.chmod('locked', 0)
                        for i in range(1500): os.mkdir('deeper'); os.chdir('deeper')
                        """),
                ],
                Ct);
            Assert.Equal((0, ""), (result.ExitCode, result.Output));
            made = kind.FindOwnWorkDirectory(unique);
            Assert.NotNull(made);
        }

        Assert.False(Directory.Exists(made));
        Assert.Equal(["kept"], outside.Entries());
        Assert.Null(kind.FindOwnWorkDirectory(unique));
    }

    [Fact]
    public async Task A_work_directory_that_is_a_file_is_an_error_that_says_so()
    {
        using TestFolder folder = new();
        await File.WriteAllTextAsync(folder["file"], "x", Ct);
        await using ICodeExecutor executor = kind.Create(new() { WorkDir = folder["file"] });
        CodeExecutionException e = await Assert.ThrowsAsync<EnvironmentUnavailableException>(() => executor.StartAsync(Ct));
        Assert.Equal("work-directory-unusable", e.Code);
        Assert.Contains(folder["file"], e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Hint);
        Assert.Throws<InvalidOperationException>(() => { _ = executor.ExecuteCodeBlocksStreamingAsync([Echo], Ct); });
    }

    [Fact(Timeout = 60_000)]
    public async Task A_work_directory_that_vanishes_is_a_result_or_an_error_and_not_a_hang()
    {
        using TestFolder folder = new();
        folder.SetMode("", "711");
        await using ICodeExecutor executor = kind.Create(new() { WorkDir = folder["work"] });
        await executor.StartAsync(TestContext.Current.CancellationToken);
        Directory.Delete(folder["work"]);
        try
        {
            Assert.NotEqual(0, (await executor.ExecuteCodeBlocksAsync([new("bash", "# filename: x.sh\ntouch made")], TestContext.Current.CancellationToken)).ExitCode);
        }
        catch (CodeExecutionException e)
        {
            Assert.NotEmpty(e.Message);
        }

        Assert.Empty(folder.Entries());
    }

    [Fact]
    public async Task A_work_directory_named_relatively_stays_the_one_it_was_at_construction()
    {
        using TestFolder folder = new();
        ICodeExecutor executor = kind.Create(new() { WorkDir = Path.GetRelativePath(Directory.GetCurrentDirectory(), folder.Path) });
        await using (executor)
        {
            await executor.StartAsync(Ct);
            await executor.ExecuteCodeBlocksAsync([new("bash", "touch here")], Ct);
        }

        Assert.Equal(["here"], folder.Entries());
    }

    [Fact]
    public async Task Services_are_found_by_type()
    {
        await using Session session = await Session.StartAsync(kind);
        Assert.Same(session.Executor, session.Executor.GetService<ICodeExecutor>());
        Assert.Equal(kind.IsIsolated, session.Executor.GetService<EnvironmentCapabilities>()!.IsIsolated);
        Assert.Null(session.Executor.GetService<TimeProvider>());
        Assert.Null(session.Executor.GetService(typeof(ICodeExecutor), "key"));
        Assert.Throws<ArgumentNullException>(() => { session.Executor.GetService(null!); });
    }
}
