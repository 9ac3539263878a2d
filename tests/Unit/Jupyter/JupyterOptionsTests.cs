using Microsoft.Extensions.Configuration;

namespace Glovebox.Tests.Unit.Jupyter;

public sealed class OptionsTests
{
    private static readonly Action<JupyterCodeExecutorOptions>[] _invalid =
    [
        o => o.Url = new Uri("relative", UriKind.Relative),
        o => o.Url = new Uri("ftp://host/"),
        o => o.Token = "two words",
        o => o.Token = "line\nbreak",
        o => o.KernelName = "",
        o => o.KernelName = "../x",
        o => o.KernelName = "a/b",
        o => o.OutputDir = " ",
        o => o.OutputDir = "a\0b",
        o => o.MaxDisplays = -1,
        o => o.MaxDisplayBytes = -1,
        o => o.MaxDisplayBytes = (1L << 30) + 1,
        o => o.Policy = null!,
        o => o.Timeout = TimeSpan.Zero,
    ];

    private static readonly Dictionary<string, Action<JupyterCodeExecutorOptions>> _contradictory = new()
    {
        ["WorkDir"] = o => o.WorkDir = "/tmp/x",
        ["Environment"] = o => o.Environment["A"] = "b",
        ["Languages"] = o => o.Languages.Add(CodeLanguage.Bash),
        ["Functions"] = o => o.Functions.Add(FunctionWithRequirements.FromSource("def f(): pass")),
        ["ReadOnlyPaths"] = o => o.ReadOnlyPaths.Add("/opt"),
        ["Policy"] = o => o.Policy = new() { Memory = 1L << 30 },
    };

    [Fact]
    public void An_invalid_option_is_refused_when_it_is_set() =>
        Assert.All(_invalid, set => Assert.ThrowsAny<ArgumentException>(() => set(new())));

    [Fact]
    public void What_only_a_sandbox_can_give_is_refused_with_a_url() => Assert.All(_contradictory, pair =>
    {
        JupyterCodeExecutorOptions options = new() { Url = new Uri("http://localhost:8888/") };
        pair.Value(options);
        ArgumentException e = Assert.Throws<ArgumentException>(() => new JupyterCodeExecutor(options));
        Assert.StartsWith($"{pair.Key} cannot be had with Url", e.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void A_token_without_a_url_is_refused() =>
        Assert.Throws<ArgumentException>(() => new JupyterCodeExecutor(new() { Token = "t" }));

    [Fact]
    public void Two_tokens_that_differ_are_refused() =>
        Assert.Throws<ArgumentException>(() => new JupyterCodeExecutor(new() { Url = new Uri("http://localhost/?token=a"), Token = "b" }));

    [Fact]
    public async Task Configuration_makes_an_executor_and_is_written_back()
    {
        Dictionary<string, string?> settings = new()
        {
            ["Kind"] = "jupyter",
            ["Timeout"] = "00:00:05",
            ["WorkDir"] = "/tmp/somewhere",
            ["KernelName"] = "ir",
            ["OutputDir"] = "/tmp/plots",
            ["MaxDisplays"] = "7",
            ["MaxDisplayBytes"] = "1000",
            ["Policy:Memory"] = "1073741824",
            ["ReadOnlyPaths:0"] = "/opt",
        };
        CodeExecutorFactory factory = new CodeExecutorFactory().Register(JupyterCodeExecutor.Kind);
        await using ICodeExecutor executor = factory.Create(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        IReadOnlyDictionary<string, string?> written = factory.GetConfiguration(executor);
        foreach ((string key, string? value) in settings)
        {
            Assert.Equal(value, written[key]);
        }

        await using ICodeExecutor again = factory.Create(new ConfigurationBuilder().AddInMemoryCollection(written).Build());
        Assert.Equal(written, factory.GetConfiguration(again));
    }

    [Fact]
    public async Task A_token_is_read_and_never_written()
    {
        CodeExecutorFactory factory = new CodeExecutorFactory().Register(JupyterCodeExecutor.Kind);
        Dictionary<string, string?> settings = new() { ["Kind"] = "jupyter", ["Url"] = "https://host:1234/base", ["Token"] = "t" };
        await using ICodeExecutor executor = factory.Create(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        Assert.Contains("secret", Assert.Throws<NotSupportedException>(() => factory.GetConfiguration(executor)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_address_in_configuration_names_its_key()
    {
        CodeExecutorFactory factory = new CodeExecutorFactory().Register(JupyterCodeExecutor.Kind);
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => factory.Create(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["Kind"] = "jupyter", ["Url"] = "nonsense" }).Build()));
        Assert.Contains("Url", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cells_share_state_and_that_is_known_before_the_start()
    {
        await using JupyterCodeExecutor executor = new();
        Assert.True(executor.GetService<IExecutorState>()!.SharesState);
        Assert.True(JupyterCodeExecutor.Kind.SharesState);
        await using DockerCommandLineCodeExecutor processes = new();
        Assert.False(processes.GetService<IExecutorState>()!.SharesState);
    }
}
