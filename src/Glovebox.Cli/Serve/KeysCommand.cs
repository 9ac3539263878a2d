using System.CommandLine;
using Glovebox.Cli.Executors;
using Glovebox.Cli.Output;
using Glovebox.Server;
using Glovebox.Server.Data;
using Glovebox.Server.Keys;

namespace Glovebox.Cli.Serve;

/// <summary><c>glovebox keys</c>: its commands and their options.</summary>
internal static class KeysCommand
{
    private static readonly Dictionary<string, KeyNetwork> Networks = new(StringComparer.Ordinal)
    {
        ["none"] = KeyNetwork.None,
        ["template"] = KeyNetwork.Template,
        ["listed"] = KeyNetwork.Listed,
    };

    public static Command Create(Option<bool> json) => new("keys", "Makes, lists and removes the keys of glovebox serve.")
    {
        CreateAdd(), CreateList(json), CreateRemove(),
    };

    private static Command CreateAdd()
    {
        Argument<string> name = Name("What the key is called.");
        Option<string?> data = ServeCommand.DataOption();
        Option<int> sessions = Number("--max-sessions", "The most sessions of this key at a time.");
        Option<int> requests = Number("--max-requests", "The most requests of this key in a minute.");
        Option<int> executions = Number("--max-executions", "The most blocks of this key that run at a time.");
        Option<long?> memory = new("--max-memory")
        {
            Description = "The most memory of a session, such as 512M.",
            HelpName = "SIZE",
            CustomParser = ExecutorArguments.ParseMemory,
        };
        Option<double?> cpus = new("--max-cpus")
        {
            Description = "The most processor cores of a session, such as 0.5.",
            HelpName = "CORES",
            CustomParser = ExecutorArguments.ParseCpus,
        };
        Option<string?> network = new("--network")
        {
            Description = "What sessions reach: nothing, what the template allows (the default), or any public host that they list.",
        };
        ExecutorArguments.AcceptOnly(network, [.. Networks.Keys]);
        Option<string[]> template = new("--template")
        {
            Description = "A template that the key may use, and no other. May be given more than once.",
            HelpName = "NAME",
        };
        Command command = new("add", "Makes a key and prints it. It is stored nowhere and cannot be shown again.")
        {
            name, data, sessions, requests, executions, memory, cpus, network, template,
        };
        command.SetAction(parsed =>
        {
            KeyLimits limits = new()
            {
                MaxSessions = Given(parsed.GetValue(sessions)),
                MaxRequestsPerMinute = Given(parsed.GetValue(requests)),
                MaxExecutions = Given(parsed.GetValue(executions)),
                MaxMemory = parsed.GetValue(memory),
                MaxCpus = parsed.GetValue(cpus),
                Network = parsed.GetValue(network) is { } access ? Networks[access] : null,
                Templates = parsed.GetValue(template) is { Length: > 0 } templates ? templates : null,
            };
            StandardStream.Output.Write(With(parsed.GetValue(data), keys => keys.Add(parsed.GetValue(name)!, limits)) + "\n");
            return 0;
        });
        return command;
    }

    private static Command CreateList(Option<bool> json)
    {
        Option<string?> data = ServeCommand.DataOption();
        Command command = new("list", "Lists the keys, with what they may use.") { data, json };
        command.SetAction(parsed =>
        {
            IReadOnlyList<ApiKey> keys = With(parsed.GetValue(data), k => k.List());
            StandardStream.Output.Write(parsed.GetValue(json) ? KeyReport.Json(keys) : KeyReport.Text(keys));
            return 0;
        });
        return command;
    }

    private static Command CreateRemove()
    {
        Argument<string> name = Name("The key's name.");
        Option<string?> data = ServeCommand.DataOption();
        Command command = new("remove", "Removes a key. Nobody gets in by it any more; its sessions end with their time.") { name, data };
        command.SetAction(parsed => With(parsed.GetValue(data), keys => keys.Remove(parsed.GetValue(name)!))
            ? 0
            : throw CliException.CouldNotRun(
                "unknown-key", $"There is no key '{TerminalText.Line(parsed.GetValue(name)!)}'.", "See: glovebox keys list"));
        return command;
    }

    private static T With<T>(string? data, Func<KeyStore, T> use)
    {
        using ServerDatabase database = ServerDatabase.Open(data ?? new GloveboxServerOptions().DataDirectory);
        return use(new KeyStore(database, TimeProvider.System));
    }

    private static Argument<string> Name(string description)
    {
        Argument<string> name = new("NAME") { Description = description };
        name.Validators.Add(ExecutorArguments.NoOption);
        return name;
    }

    private static Option<int> Number(string option, string description) => new(option)
    {
        Description = description,
        HelpName = "NUMBER",
        CustomParser = result => ExecutorArguments.ParseNumber(result, 1, 1_000_000),
    };

    private static int? Given(int number) => number == 0 ? null : number;
}
