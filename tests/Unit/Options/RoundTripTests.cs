using System.Text;
using Glovebox.Interpreters;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Tests.Unit.Options;

/// <summary>What is written is read as the same again.</summary>
public sealed class RoundTripTests
{
    private static readonly CodeExecutorFactory Factory = new();

    [Fact]
    public async Task Every_option_of_bubblewrap_comes_back()
    {
        foreach (BubblewrapCommandLineCodeExecutorOptions options in new[] { Settings.BubblewrapOptions, new() })
        {
            await using BubblewrapCommandLineCodeExecutor written = new(options);
            Assert.Equal("bubblewrap", Factory.GetConfiguration(written)["Kind"]);
            foreach (IConfiguration configuration in Written(written))
            {
                await using ICodeExecutor read = Factory.Create(configuration);
                Assert.Equal(OptionsText.Of(options), OptionsText.Of(Assert.IsType<BubblewrapCommandLineCodeExecutor>(read).Options));
            }
        }
    }

    [Fact]
    public async Task Every_option_of_the_local_executor_comes_back()
    {
        foreach (LocalCommandLineCodeExecutorOptions options in new[] { Settings.LocalOptions, new() })
        {
            await using LocalCommandLineCodeExecutor written = new(options);
            Assert.Equal("local", Factory.GetConfiguration(written)["Kind"]);
            foreach (IConfiguration configuration in Written(written))
            {
                await using ICodeExecutor read = Factory.Create(configuration);
                Assert.Equal(OptionsText.Of(options), OptionsText.Of(Assert.IsType<LocalCommandLineCodeExecutor>(read).Options));
            }
        }
    }

    [Fact]
    public async Task Every_option_of_interpreters_comes_back()
    {
        InterpreterOptions interpreter = new()
        {
            Checkpoints = 7,
            MaxContexts = 8,
            MaxDisplays = 9,
            MaxDisplayBytes = 10,
            OutputDir = "/srv/displays",
        };
        await using InterpreterCodeExecutor written = new(new() { Interpreter = interpreter, ReadOnlyPaths = { "/opt/data" } });
        await using LocalInterpreterCodeExecutor local = new(new() { Interpreter = interpreter, VirtualEnvironment = "/opt/venv" });
        Assert.Equal("interpreter", Factory.GetConfiguration(written)["Kind"]);
        Assert.Equal("local-interpreter", Factory.GetConfiguration(local)["Kind"]);
        foreach (IConfiguration configuration in Written(written))
        {
            await using ICodeExecutor read = Factory.Create(configuration);
            InterpreterCodeExecutorOptions options = Assert.IsType<InterpreterCodeExecutor>(read).Options!;
            Assert.Equal((interpreter, "/opt/data"), (options.Interpreter, Assert.Single(options.ReadOnlyPaths)));
        }

        foreach (IConfiguration configuration in Written(local))
        {
            await using ICodeExecutor read = Factory.Create(configuration);
            LocalInterpreterCodeExecutorOptions options = Assert.IsType<LocalInterpreterCodeExecutor>(read).LocalOptions;
            Assert.Equal((interpreter, "/opt/venv"), (options.Interpreter, options.VirtualEnvironment));
        }
    }

    [Fact]
    public async Task What_is_code_cannot_be_written()
    {
        await using LocalCommandLineCodeExecutor functions = new(new() { Functions = { FunctionSetups.Function(() => 1, "one") } });
        Assert.Contains("Functions cannot be written", Assert.Throws<NotSupportedException>(() => Factory.GetConfiguration(functions)).Message, StringComparison.Ordinal);
        await using LocalCommandLineCodeExecutor approval = new(new() { FunctionApproval = (_, _) => ValueTask.FromResult(ApprovalDecision.Approve()) });
        Assert.Contains("FunctionApproval cannot be written", Assert.Throws<NotSupportedException>(() => Factory.GetConfiguration(approval)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Odd_values_come_back()
    {
        LocalCommandLineCodeExecutorOptions options = new()
        {
            Timeout = Timeout.InfiniteTimeSpan,
            WorkDir = " a \"b\" 日本 </b> \\ \t",
            Environment = { ["0"] = "zero", ["1"] = "one\ntwo", ["Straße"] = "Übel" },
        };
        await using LocalCommandLineCodeExecutor written = new(options);
        foreach (IConfiguration configuration in Written(written))
        {
            await using ICodeExecutor read = Factory.Create(configuration);
            Assert.Equal(OptionsText.Of(options), OptionsText.Of(((LocalCommandLineCodeExecutor)read).Options));
        }
    }

    [Fact]
    public async Task Json_is_as_a_person_would_write_it()
    {
        await using BubblewrapCommandLineCodeExecutor executor = new(new() { WorkDir = "/w", Preload = { "numpy", "pandas" }, Environment = { ["A"] = "b" } });
        Assert.Equal(
            """
            {
              "Kind": "bubblewrap",
              "Timeout": "00:01:00",
              "WorkDir": "/w",
              "Policy": {
                "Network": "SetupOnly"
              },
              "DeleteTempFiles": false,
              "StreamsWholeOutput": false,
              "Preload": [
                "numpy",
                "pandas"
              ],
              "Environment": {
                "A": "b"
              },
              "FunctionsModule": "functions",
              "FunctionLimits": {
                "MaxArgumentSize": 4194304,
                "MaxResultSize": 4194304,
                "MaxCallsPerSecond": 20000,
                "MaxConcurrentCalls": 32
              },
              "Egress": {
                "MaxConnections": 200,
                "IdleTimeout": "00:02:00",
                "ApprovalTimeout": "00:01:00"
              },
              "SetupTimeout": "00:05:00"
            }
            """,
            Factory.GetConfigurationJson(executor));
    }

    [Fact]
    public async Task What_is_written_is_what_the_executor_was_made_with()
    {
        BubblewrapCommandLineCodeExecutorOptions options = Settings.BubblewrapOptions;
        await using BubblewrapCommandLineCodeExecutor executor = new(options);
        options.Timeout = TimeSpan.FromSeconds(1);
        options.Policy.Memory = null;
        options.Policy = new();
        options.Preload.Add("late");
        options.ReadOnlyPaths.Clear();
        options.Languages.Clear();
        options.Environment["LATE"] = "late";
        Assert.Equal(OptionsText.Of(Settings.BubblewrapOptions), OptionsText.Of(executor.Options));
    }

    [Fact]
    public async Task A_decorated_executor_cannot_be_written()
    {
        await using LocalCommandLineCodeExecutor inner = new();
        foreach ((ICodeExecutor executor, string name) in new[]
        {
            (inner.AsBuilder().UseApproval(_ => ApprovalDecision.Approve()).Build(), "ApprovalCodeExecutor"),
            (inner.AsBuilder().UseLogging(new CollectingLogger()).Build(), "LoggingCodeExecutor"),
            (inner.AsBuilder().UseOpenTelemetry().Build(), "OpenTelemetryCodeExecutor"),
            (inner.AsBuilder().UseAudit(new CollectingSink()).Build(), "AuditCodeExecutor"),
        })
        {
            Assert.Equal(
                $"{name} cannot be written to configuration: what decorates an executor is code. Write the executor within, and decorate the one that is read.",
                Assert.Throws<NotSupportedException>(() => Factory.GetConfiguration(executor)).Message);
        }

        Assert.Equal("local", Factory.GetConfiguration(inner.AsBuilder().UseLogging(NullLoggerFactory.Instance).Build())["Kind"]);
    }

    [Fact]
    public async Task An_executor_of_no_registered_kind_cannot_be_written()
    {
        await using ScriptedExecutor executor = new();
        Assert.Equal(
            "ScriptedExecutor cannot be written to configuration: it is of no kind that is registered. There are: bubblewrap, interpreter, local, local-interpreter.",
            Assert.Throws<NotSupportedException>(() => Factory.GetConfigurationJson(executor)).Message);
    }

    [Theory]
    [InlineData("a:b", "x", "Environment: 'a:b' cannot be written to configuration, whose keys are not empty and hold no colon.")]
    [InlineData("PATH", "Path", "Environment: 'Path' cannot be written to configuration beside one that differs in case only.")]
    public async Task A_variable_that_configuration_cannot_hold_is_an_error(string one, string two, string message)
    {
        await using LocalCommandLineCodeExecutor executor = new(new() { Environment = { [one] = "1", [two] = "2" } });
        Assert.Equal(message, Assert.Throws<NotSupportedException>(() => Factory.GetConfiguration(executor)).Message);
    }

    /// <summary>The executor's configuration, once in memory and once by way of JSON.</summary>
    private static IEnumerable<IConfiguration> Written(ICodeExecutor executor)
    {
        yield return new ConfigurationBuilder().AddInMemoryCollection(Factory.GetConfiguration(executor)).Build();
        using MemoryStream json = new(Encoding.UTF8.GetBytes(Factory.GetConfigurationJson(executor)));
        yield return new ConfigurationBuilder().AddJsonStream(json).Build();
    }
}
