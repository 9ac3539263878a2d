namespace Glovebox.Tests.Unit.Options;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_documentation()
    {
        LocalCommandLineCodeExecutorOptions local = new();
        Assert.Equal(TimeSpan.FromSeconds(60), local.Timeout);
        Assert.Null(local.WorkDir);
        Assert.False(local.DeleteTempFiles);
        Assert.Null(local.VirtualEnvironment);
        Assert.Equal(new ExecutionPolicy(), local.Policy);
        Assert.Empty(local.Environment);
        Assert.Empty(local.Languages);

        BubblewrapCommandLineCodeExecutorOptions bubblewrap = new();
        Assert.False(bubblewrap.DeleteTempFiles);
        Assert.Empty(bubblewrap.ReadOnlyPaths);
        Assert.Empty(bubblewrap.Preload);
        Assert.Equal(new ExecutionPolicy(), bubblewrap.Policy);
        Assert.Equal(NetworkAccess.SetupOnly, bubblewrap.Policy.Network);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    [InlineData(-86_400_000)]
    [InlineData(2_147_483_648)]
    public void A_timeout_that_no_timer_can_keep_is_refused(double milliseconds) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LocalCommandLineCodeExecutorOptions { Timeout = TimeSpan.FromMilliseconds(milliseconds) });

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(2_147_483_647)]
    public void Any_other_timeout_is_taken(double milliseconds)
    {
        TimeSpan timeout = TimeSpan.FromMilliseconds(milliseconds);
        Assert.Equal(timeout, new LocalCommandLineCodeExecutorOptions { Timeout = timeout }.Timeout);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a\0b")]
    public void A_work_directory_that_is_no_path_is_refused(string path) =>
        Assert.Throws<ArgumentException>(() => new LocalCommandLineCodeExecutorOptions { WorkDir = path });

    [Theory]
    [InlineData(1023)]
    [InlineData(0)]
    [InlineData((1L << 30) + 1)]
    public void A_bound_of_output_out_of_range_is_refused(long bytes)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExecutionPolicy { MaxOutput = bytes });
    }

    [Theory]
    [InlineData("")]
    [InlineData("A=B")]
    [InlineData("A\0")]
    public void A_variable_without_a_proper_name_is_refused(string name) =>
        Assert.Throws<ArgumentException>(() => ExecutorKind.Local.Create(new() { Environment = new Dictionary<string, string> { [name] = "x" } }));

    [Theory]
    [InlineData("a\0b")]
    [InlineData(null)]
    public void A_variable_without_a_proper_value_is_refused(string? value) =>
        Assert.Throws<ArgumentException>(() => ExecutorKind.Local.Create(new() { Environment = new Dictionary<string, string> { ["A"] = value! } }));

    [Fact]
    public async Task Options_are_copied_when_the_executor_is_made()
    {
        using TestFolder folder = new();
        LocalCommandLineCodeExecutorOptions options = new() { WorkDir = folder["one"], DeleteTempFiles = true };
        await using LocalCommandLineCodeExecutor executor = new(options);
        options.WorkDir = folder["two"];
        options.Environment["LATE"] = "late";
        options.Languages.Add(new("late", ".late", ["sh"], []));
        options.DeleteTempFiles = false;
        options.Timeout = TimeSpan.FromTicks(1);
        await executor.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal("[]\n", (await executor.ExecuteCodeBlocksAsync([new("bash", "echo [$LATE]")], TestContext.Current.CancellationToken)).Output);
        Assert.Contains("unknown", (await executor.ExecuteCodeBlocksAsync([new("late", "x")], TestContext.Current.CancellationToken)).Output, StringComparison.Ordinal);
        Assert.Equal(["one"], folder.Entries());
    }
}
