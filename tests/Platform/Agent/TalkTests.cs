using System.Globalization;
using Glovebox.Sandboxes;
using Glovebox.Sandboxes.Agentless;
using Glovebox.Sandboxes.Bubblewrap;

namespace Glovebox.Tests.Platform.Agent;

/// <summary>What the agent gives a process that is talked to, and nothing beyond it.</summary>
public sealed class TalkTests
{
    private static readonly TerminalSize Size = new(80, 24);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hundred_megabytes_reach_a_slow_reader_and_take_no_memory()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new BubblewrapSandboxProvider().StartAsync(request, Ct);
        const string Reader = """
            import os, time
            count = 0
            while True:
                data = os.read(0, 1 << 16)
                if not data:
                    break
                count += len(data)
                if count % (1 << 22) < len(data):
                    time.sleep(0.01)
            print(count)
            """;
        Talk reader = await Talk.StartAsync(sandbox, new(["python3"], ["-c", Reader]) { KeepsInputOpen = true });
        byte[] piece = new byte[1 << 20];
        for (int i = 0; i < 100; i++)
        {
            await reader.Process.WriteAsync(piece, Ct);
        }

        // Of all that was written, the agent has held one window at a time.
        Talk status = await Talk.StartAsync(sandbox, new(["sh"], ["-c", "grep VmHWM /proc/1/status"]));
        string[] words = (await status.EndAsync()).Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(int.Parse(words[^2], CultureInfo.InvariantCulture), 1, 64 << 10);
        await reader.Process.CloseInputAsync(Ct);
        Assert.Equal((0, "104857600\n"), await reader.EndAsync());
    }

    [Fact]
    public async Task A_program_that_does_not_read_stops_its_writer_and_nothing_else()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new BubblewrapSandboxProvider().StartAsync(request, Ct);
        Talk deaf = await Talk.StartAsync(sandbox, new(["sleep"], ["1000"]) { KeepsInputOpen = true, IsBackground = true });
        using CancellationTokenSource givesUp = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task writing = deaf.Process.WriteAsync(new byte[1 << 20], givesUp.Token);
        Talk other = await Talk.StartAsync(sandbox, new(["cat"], []) { KeepsInputOpen = true });
        await other.WriteAsync("not held up\n");
        await other.PrintsAsync("not held up\n");
        await other.Process.CloseInputAsync(Ct);
        await other.EndAsync();
        Assert.False(writing.IsCompleted);
        await givesUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        deaf.Process.Kill();
        await deaf.EndAsync();
    }

    [Fact]
    public async Task A_terminal_is_all_that_its_program_inherits_and_typing_into_it_is_refused()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new BubblewrapSandboxProvider().StartAsync(request, Ct);
        const string Look = """
            import fcntl, os, termios
            links = {fd: os.readlink('/proc/self/fd/' + fd) for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd)}
            print(sorted(links) == ['0', '1', '2'] and set(links.values()) == {os.ttyname(0)}, os.getsid(0) == os.getpid() == os.tcgetpgrp(0))
            for path in 0, os.open('/dev/tty', os.O_RDWR):
                try:
                    fcntl.ioctl(path, termios.TIOCSTI, b'x')
                    print('typed')
                except PermissionError:
                    print('refused')
            """;
        Talk look = await Talk.StartAsync(sandbox, new(["python3"], ["-c", Look]) { Terminal = Size });
        Assert.Equal((0, "True True\r\nrefused\r\nrefused\r\n"), await look.EndAsync());
    }

    [Fact]
    public async Task A_program_that_closes_its_terminal_is_not_hung_up()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new BubblewrapSandboxProvider().StartAsync(request, Ct);
        const string Script = "exec 3</dev/tty <&- >&- 2>&- 3<&-; sleep 0.2; exec >/dev/tty; echo back; exit 4";
        Talk shell = await Talk.StartAsync(sandbox, new(["bash"], ["-c", Script]) { Terminal = Size });
        Assert.Equal((4, "back\r\n"), await shell.EndAsync());
    }

    [Fact]
    public async Task What_a_program_prints_last_at_a_terminal_is_not_lost()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new BubblewrapSandboxProvider().StartAsync(request, Ct);
        for (int i = 0; i < 20; i++)
        {
            Talk program = await Talk.StartAsync(sandbox, new(["bash"], ["-c", "printf %3000d 7"]) { Terminal = Size });
            Assert.Equal(3000, (await program.EndAsync()).Text.Length);
        }
    }

    [Fact]
    public async Task The_kill_of_a_service_leaves_other_services_and_the_background_alive()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new BubblewrapSandboxProvider().StartAsync(request, Ct);
        Talk service = await Talk.StartAsync(sandbox, new(["cat"], []) { KeepsInputOpen = true, IsService = true });
        Talk other = await Talk.StartAsync(sandbox, new(["cat"], []) { KeepsInputOpen = true, IsService = true });
        Talk background = await Talk.StartAsync(sandbox, new(["cat"], []) { KeepsInputOpen = true, IsBackground = true });
        Talk plain = await Talk.StartAsync(sandbox, new(["cat"], []) { KeepsInputOpen = true });
        service.Process.Kill();
        Assert.Equal(137, (await service.EndAsync()).ExitCode);
        Assert.Equal(137, (await plain.EndAsync()).ExitCode);
        Assert.Equal([other.Process, background.Process], sandbox.Processes);
        await other.WriteAsync("here\n");
        await other.PrintsAsync("here\n");
        await background.WriteAsync("here\n");
        await background.PrintsAsync("here\n");
    }

    [Fact]
    public async Task A_job_that_a_user_has_stopped_stays_so_when_another_process_is_killed()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new BubblewrapSandboxProvider().StartAsync(request, Ct);
        const string Beat = ": >beat; echo up; while :; do echo x >>beat; sleep 0.01; done";
        Talk stopped = await Talk.StartAsync(sandbox, new(["bash"], ["-c", Beat]) { IsBackground = true });
        await stopped.PrintsAsync("up");
        Assert.True(await stopped.Process.SignalAsync(ProcessSignal.Stop, Ct));
        Talk until = await Talk.StartAsync(
            sandbox, new(["bash"], ["-c", "until s=$(stat -c %s beat); sleep 0.1; [ $(stat -c %s beat) = $s ]; do :; done; echo silent"]));
        Assert.Equal((0, "silent\n"), await until.EndAsync());
        await sandbox.EndProcessesAsync(Ct);
        Talk look = await Talk.StartAsync(sandbox, new(["bash"], ["-c", "s=$(stat -c %s beat); sleep 0.3; [ $(stat -c %s beat) = $s ] && echo silent"]));
        Assert.Equal((0, "silent\n"), await look.EndAsync());
        Assert.True(await stopped.Process.SignalAsync(ProcessSignal.Continue, Ct));
        Talk goes = await Talk.StartAsync(sandbox, new(["bash"], ["-c", "s=$(stat -c %s beat); while [ $(stat -c %s beat) = $s ]; do :; done; echo goes"]));
        Assert.Equal((0, "goes\n"), await goes.EndAsync());
    }

    [Fact]
    public async Task A_sandbox_without_an_agent_says_what_it_cannot_do()
    {
        await using SandboxRequest request = new();
        await using ISandbox sandbox = await new BubblewrapSandboxProvider([], new BubblewrapInternals { UsesAgent = false }).StartAsync(request, Ct);
        Assert.IsType<AgentlessSandbox>(sandbox);
        await RefusesAsync("standard-input-unavailable", new(["cat"], []) { KeepsInputOpen = true });
        await RefusesAsync("terminal-unavailable", new(["cat"], []) { Terminal = Size });
        await RefusesAsync("background-unavailable", new(["cat"], []) { IsBackground = true });
        Talk pwd = await Talk.StartAsync(sandbox, new(["sh"], ["-c", "pwd; echo $X; sleep 1000"]) { Directory = "/usr", Variables = new Dictionary<string, string> { ["X"] = "y" } });
        await pwd.PrintsAsync("/usr\ny\n");
        Assert.Equal([pwd.Process], sandbox.Processes);
        Assert.Equal("signals-unavailable", (await Assert.ThrowsAsync<SandboxUnavailableException>(() => pwd.Process.SignalAsync(ProcessSignal.Terminate, Ct))).Code);
        pwd.Process.Kill();
        await pwd.EndAsync();
        foreach ((string directory, string said) in ((string, string)[])[("a", "here\n"), ("b", "there\n")])
        {
            await RunAsync(new(["sh"], ["-c", $"mkdir {directory}; printf '#!/bin/sh\\necho {said.Trim()}\\n' >{directory}/x; chmod +x {directory}/x"]));
            Assert.Equal((0, said), await RunAsync(new(["./x"], []) { Directory = directory }));
        }

        async Task<(int, string)> RunAsync(ProcessRequest request) => await (await Talk.StartAsync(sandbox, request)).EndAsync();
        async Task RefusesAsync(string code, ProcessRequest refused) =>
            Assert.Equal(code, (await Assert.ThrowsAsync<SandboxUnavailableException>(() => sandbox.StartProcessAsync(refused, Ct))).Code);
    }
}
