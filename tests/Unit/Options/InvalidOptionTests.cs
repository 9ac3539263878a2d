using System.Reflection;
using Glovebox.Egress;
using Glovebox.Interpreters;
using Glovebox.Sandboxes.Local;
using Microsoft.Extensions.AI;

namespace Glovebox.Tests.Unit.Options;

/// <summary>Every option of every executor refuses what it cannot be, when it is set or when the executor is made, and says its
/// name.</summary>
public sealed class InvalidOptionTests
{
    /// <summary>Bad values by the option's name.</summary>
    private static readonly Dictionary<string, object?[]> Bad = new()
    {
        ["BindDir"] = ["", "relative"],
        ["ContainerName"] = ["", "x", "-x", "a/b"],
        ["DeviceRequests"] = [null, new List<DeviceRequest> { null! }],
        ["Environment"] = [null, Map("A=B", "c"), Map("", "c"), Map("A", null), Map("A", "b\0")],
        ["ExtraHosts"] = [null, Map("a b", "10.0.0.1"), Map("a", "nowhere"), Map("a", null)],
        ["ExtraVolumes"] = [null, new List<VolumeMount> { null! }, new List<VolumeMount> { new("relative/path", "/mnt") }],
        ["Egress"] = [null, new EgressOptions { AuthoritiesFile = "/nowhere/egress.pem" }],
        ["FunctionLimits"] = [null],
        ["Functions"] = [null, new List<AITool> { null! }, new List<AITool> { new HostedWebSearchTool() }],
        ["FunctionsModule"] = [null, "", "a b", "class"],
        ["Image"] = [null, "", "two words", "a\nb"],
        ["InitCommand"] = ["", " ", "a\0b"],
        ["Interpreter"] = [null],
        ["KernelName"] = [null, "", "../x", "a/b"],
        ["Languages"] = [null, new List<CodeLanguage> { null! }, new List<CodeLanguage> { new("", ".x", ["x"]) }],
        ["MaxDisplayBytes"] = [-1L, (1L << 30) + 1],
        ["MaxDisplays"] = [-1],
        ["OutputDir"] = ["", " ", "a\0b"],
        ["Packages"] = [null, new List<string> { "" }, new List<string> { null! }, new List<string> { "-e ." }, new List<string> { "a\nb" }],
        ["Policy"] = [null],
        ["Preload"] = [null, new List<string> { "" }, new List<string> { null! }, new List<string> { "a\0" }],
        ["PullPolicy"] = [(PullPolicy)7],
        ["ReadOnlyPaths"] = [null, new List<string> { "relative" }, new List<string> { "/tmp/x" }],
        ["Runtime"] = ["", " "],
        ["SeccompProfile"] = ["", " ", "a\0b"],
        ["SetupEnvironment"] = [null, Map("A=B", "c"), Map("A", null)],
        ["SetupTimeout"] = [TimeSpan.Zero, TimeSpan.FromDays(25), Timeout.InfiniteTimeSpan],
        ["SkippedLanguages"] = [null, new List<string> { "" }, new List<string> { null! }],
        ["Timeout"] = [TimeSpan.Zero, TimeSpan.FromSeconds(-1), TimeSpan.FromDays(25)],
        ["Token"] = ["two words", "line\nbreak", "ü"],
        ["Url"] = [new Uri("relative", UriKind.Relative), new Uri("ftp://host/")],
        ["VirtualEnvironment"] = ["", "a\0b"],
        ["WorkDir"] = ["", " ", "a\0b"],
    };

    /// <summary>Options that can be anything, and one that is looked at when an engine is first asked.</summary>
    private static readonly string[] Unchecked = ["AutoRemove", "DeleteTempFiles", "DockerHost", "FunctionApproval", "PullProgress", "StopContainer", "StreamsWholeOutput"];

    [Fact]
    public async Task Every_option_of_bubblewrap() => await AllAsync<BubblewrapCommandLineCodeExecutorOptions>(o => new BubblewrapCommandLineCodeExecutor(o));

    [Fact]
    public async Task Every_option_of_the_local_executor() => await AllAsync<LocalCommandLineCodeExecutorOptions>(o => new LocalCommandLineCodeExecutor(o));

    [Fact]
    public async Task Every_option_of_interpreters()
    {
        await AllAsync<InterpreterCodeExecutorOptions>(o => new InterpreterCodeExecutor(o));
        await AllAsync<LocalInterpreterCodeExecutorOptions>(o => new LocalInterpreterCodeExecutor(o));
        await AllAsync<DockerInterpreterCodeExecutorOptions>(o => new DockerInterpreterCodeExecutor(o));
    }

    [Fact]
    public void What_interpreters_keep_is_bounded()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new InterpreterOptions { Checkpoints = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new InterpreterOptions { Checkpoints = 101 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new InterpreterOptions { MaxContexts = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new InterpreterOptions { MaxDisplays = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new InterpreterOptions { MaxDisplayBytes = (1L << 30) + 1 });
        Assert.Throws<ArgumentException>(() => new InterpreterOptions { OutputDir = " " });
        Assert.Throws<ArgumentException>(
            () => new InterpreterCodeExecutor(new LocalSandboxProvider(), new() { ReadOnlyPaths = { "/opt" } }));
    }

    [Fact]
    public async Task Every_option_of_Docker() => await AllAsync<DockerCommandLineCodeExecutorOptions>(o => new DockerCommandLineCodeExecutor(o));

    [Fact]
    public async Task Every_option_of_Jupyter() => await AllAsync<JupyterCodeExecutorOptions>(o => new JupyterCodeExecutor(o));

    [Fact]
    public async Task Every_option_of_Jupyter_in_Docker() => await AllAsync<DockerJupyterCodeExecutorOptions>(o => new DockerJupyterCodeExecutor(o));

    [Fact]
    public async Task An_address_that_names_no_engine_is_refused_when_it_is_first_used()
    {
        await using DockerCommandLineCodeExecutor executor = new(new() { DockerHost = "nonsense" });
        Assert.Contains(
            "DockerHost",
            (await Assert.ThrowsAsync<SandboxUnavailableException>(() => executor.StartAsync(TestContext.Current.CancellationToken))).Message,
            StringComparison.Ordinal);
    }

    private static async Task AllAsync<TOptions>(Func<TOptions, ICodeExecutor> make)
        where TOptions : CommandLineCodeExecutorOptions, new()
    {
        await make(new()).DisposeAsync();
        foreach (PropertyInfo option in typeof(TOptions).GetProperties().Where(p => !Unchecked.Contains(p.Name)))
        {
            foreach (object? value in Bad[option.Name])
            {
                ArgumentException e = Assert.ThrowsAny<ArgumentException>(() => { make(With(option, value)); });
                Assert.Contains(option.Name.Replace("Setup", "", StringComparison.Ordinal).TrimEnd('s'), e.Message, StringComparison.OrdinalIgnoreCase);
            }
        }

        static TOptions With(PropertyInfo option, object? value)
        {
            TOptions options = new();
            if (option.Name == "SetupEnvironment")
            {
                options.Functions.Add(FunctionWithRequirements.FromSource("def f(): pass"));
            }

            option.SetValue(options, value, BindingFlags.DoNotWrapExceptions, null, null, null);
            return options;
        }
    }

    private static Dictionary<string, string> Map(string key, string? value) => new() { [key] = value! };
}
