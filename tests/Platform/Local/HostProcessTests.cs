using System.Diagnostics;
using System.Text;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Platform.Local;

public sealed class HostProcessTests
{
    /// <summary>On a busy machine the reader of the pipe could come late, and what the program had printed at its end was lost.</summary>
    [Fact]
    public async Task Output_that_waits_in_the_pipe_at_the_exit_is_not_lost_however_late_it_is_read()
    {
        using TestFolder folder = new();
        HeldSink sink = new();
        using HostProcess process = HostProcess.Start(
            new ProcessStartInfo("/bin/sh", ["-c", "printf first; until [ -e go ]; do sleep 0.01; done; printf last"]) { WorkingDirectory = folder.Path }, sink);
        Task<ProcessExit> exit = process.WaitAsync(() => Task.CompletedTask, CancellationToken.None);
        await sink.Held.WaitAsync(TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder["go"], "", TestContext.Current.CancellationToken);

        // Longer than it waits for a pipe that is quiet or never ends.
        Assert.NotSame(exit, await Task.WhenAny(exit, Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken)));
        sink.Release();
        Assert.Equal(0, (await exit).ExitCode);
        Assert.Equal("firstlast", sink.Text);
    }

    /// <summary>Holds its writer until it is released.</summary>
    private sealed class HeldSink : IOutputSink
    {
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new();
        private readonly StringBuilder _text = new();

        public Task Held => _held.Task;

        public string Text => _text.ToString();

        public void Release() => _released.SetResult();

        public void Write(OutputStream stream, ReadOnlySpan<byte> data)
        {
            _held.TrySetResult();
            _released.Task.GetAwaiter().GetResult();
            _text.Append(Encoding.UTF8.GetString(data));
        }
    }
}
