namespace Glovebox.Tests.Contract.Executors;

public sealed class PowerShellTests
{
    [Fact]
    public async Task PowerShell_runs_on_the_host()
    {
        await using LocalCommandLineCodeExecutor executor = new(PowerShellHost.AddTo(new LocalCommandLineCodeExecutorOptions()));
        await CheckAsync(executor, "pwsh");
    }

    [Fact]
    public async Task PowerShell_runs_in_a_sandbox()
    {
        ExecutorDiagnosis diagnosis = await BubblewrapCommandLineCodeExecutor.DiagnoseAsync(TestContext.Current.CancellationToken);
        Assert.SkipUnless(diagnosis.IsAvailable, diagnosis.Reason ?? "");
        await using BubblewrapCommandLineCodeExecutor executor = new(PowerShellHost.AddTo(new BubblewrapCommandLineCodeExecutorOptions()));
        await CheckAsync(executor, "powershell");
    }

    private static async Task CheckAsync(ICodeExecutor executor, string language)
    {
        CancellationToken cancellationToken = TestContext.Current.CancellationToken;
        await executor.StartAsync(cancellationToken);
        CodeResult result = await executor.ExecuteCodeBlocksAsync(
            [new CodeBlock(language, "Write-Output 'hi'; Write-Error 'bad'; exit 3")], cancellationToken);
        BlockResult block = Assert.Single(result.Blocks);
        Assert.Equal("hi", block.StandardOutput.Trim());
        Assert.Contains("bad", block.StandardError, StringComparison.Ordinal);
        Assert.Equal(3, block.ExitCode);
        Assert.Equal("pwsh", block.Language);
    }
}
