using System.Net;
using System.Net.Sockets;
using Glovebox.Sandboxes;
using Glovebox.Tests.Common.Fakes;

namespace Glovebox.Tests.Unit.Interpreters;

/// <summary>What the start of the interpreters' supervisor does when the connection to it fails and it runs on.</summary>
public sealed class SupervisorStartTests
{
    [Fact]
    public async Task A_start_that_is_cancelled_ends_though_the_supervisor_runs_on() =>
        await Assert.ThrowsAsync<OperationCanceledException>(() => StartAsync(new OperationCanceledException(), isCancelled: true));

    [Fact]
    public async Task A_connection_that_fails_ends_the_supervisor()
    {
        SandboxUnavailableException error =
            await Assert.ThrowsAsync<SandboxUnavailableException>(() => StartAsync(new IOException("gone"), isCancelled: false));
        Assert.Equal("interpreter-failed", error.Code);
    }

    private static async Task StartAsync(Exception failure, bool isCancelled)
    {
        using CancellationTokenSource cancel = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        FakeSandboxProvider provider = new()
        {
            Listener = new FailingListener(() =>
            {
                if (isCancelled)
                {
                    cancel.Cancel();
                }

                return failure;
            }),
        };
        provider.Programs["python3"] = async process =>
        {
            await Task.Delay(Timeout.Infinite, process.Killed);
            return 0;
        };
        await using InterpreterCodeExecutor executor = new(provider, new InterpreterCodeExecutorOptions());
        await executor.StartAsync(cancel.Token).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    private sealed class FailingListener(Func<Exception> failure) : ISandboxListener
    {
        public EndPoint EndPoint { get; } = new UnixDomainSocketEndPoint("/none");

        public Task<Stream> AcceptAsync(CancellationToken cancellationToken = default) => Task.FromException<Stream>(failure());

        public ValueTask DisposeAsync() => default;
    }
}
