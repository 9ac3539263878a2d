using System.Diagnostics;

namespace Glovebox.Tests.Common.Contract;

/// <summary>What a program gets from its surroundings: input, variables, signals, broken pipes.</summary>
public abstract class GuestInputConformance(ExecutorKind kind)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("python", "import sys; print(repr(sys.stdin.read()), sys.stdin.isatty())", "'' False\n")]
    [InlineData("bash", "cat; read x; echo $?", "1\n")]
    public async Task Standard_input_is_empty(string language, string code, string expected)
    {
        await using Session session = await Session.StartAsync(kind);
        Assert.Equal(expected, (await session.RunAsync(new CodeBlock(language, code))).Output);
    }

    [Fact]
    public async Task Environment_variables_of_the_host_do_not_reach_the_guest_unless_named()
    {
        string secret = $"GLOVEBOX_TEST_SECRET_{Guid.NewGuid():n}";
        Environment.SetEnvironmentVariable(secret, "secret");
        try
        {
            await using Session session = await Session.StartAsync(
                kind, new() { Environment = new Dictionary<string, string> { ["NAMED"] = "with = and \n and ü", ["LANG"] = "C" } });
            foreach (string language in new[] { "python", "bash" })
            {
                string code = language == "python" ? "import os; print('\\0'.join(f'{k}={v}' for k, v in os.environ.items()))" : "env -0";
                string[] variables = (await session.RunAsync(new CodeBlock(language, code))).StandardOutput.TrimEnd('\n').Split('\0');
                Assert.DoesNotContain(variables, v => v.StartsWith(secret, StringComparison.Ordinal));
                Assert.Contains("NAMED=with = and \n and ü", variables);
                Assert.Contains("LANG=C", variables);
            }

            // The canary: a child process that is started plainly has it.
            using Process plain = Process.Start(new ProcessStartInfo("env") { RedirectStandardOutput = true })!;
            Assert.Contains(secret, await plain.StandardOutput.ReadToEndAsync(Ct), StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(secret, null);
        }
    }

    [Fact]
    public async Task A_pipe_that_nobody_reads_ends_its_writer()
    {
        await using Session session = await Session.StartAsync(kind);
        Assert.Equal("y\n141\n", (await session.BashAsync("yes | head -n 1; echo ${PIPESTATUS[0]}")).Output);
    }

    [Theory]
    [InlineData("TERM", 143)]
    [InlineData("KILL", 137)]
    [InlineData("SEGV", 139)]
    public async Task A_signal_ends_a_program_as_a_shell_says_it(string signal, int exitCode)
    {
        await using Session session = await Session.StartAsync(kind);
        foreach (CodeBlock block in new CodeBlock[]
        {
            new("bash", $"echo before; kill -{signal} $$; sleep 600"),
            new("python", $"import os, signal, time; print('before'); os.kill(os.getpid(), signal.SIG{signal}); time.sleep(600)"),
        })
        {
            BlockResult result = (await session.RunAsync(block)).Blocks[0];
            Assert.Equal((exitCode, TerminationReason.Signaled, "before\n"), (result.ExitCode, result.Termination, result.StandardOutput));
        }
    }
}
