using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Glovebox.Cli.Audit;
using Glovebox.Cli.Output;
using Glovebox.Cli.Run;
using Glovebox.Egress;

namespace Glovebox.Cli.Executors;

/// <summary>The options that say where code runs and what it may use, for every command that runs code.</summary>
internal sealed class ExecutorArguments
{
    private static readonly Dictionary<string, NetworkAccess> Networks = new(StringComparer.Ordinal)
    {
        ["none"] = NetworkAccess.None,
        ["setup"] = NetworkAccess.SetupOnly,
        ["full"] = NetworkAccess.Full,
    };

    private readonly Option<string> _executor = new("--executor", "-e")
    {
        Description = "How and where to run. auto takes the first that isolates and works here; never local.",
        DefaultValueFactory = _ => ExecutorKinds.Auto,
    };

    private readonly Option<string?> _on = new("--on")
    {
        Description = "Where to run, with --executor command-line, interpreter or jupyter, which say how.",
    };

    private readonly Option<string?> _image = new("--image") { Description = "The image, for the Docker executors.", HelpName = "NAME" };

    private readonly Option<double?> _timeout = new("--timeout", "-t")
    {
        Description = "How long each block may run. Default: 60.",
        HelpName = "SECONDS",
        CustomParser = ParseSeconds,
    };

    private readonly Option<string?> _network = new("--network")
    {
        Description = "What reaches the network: nothing, the set-up (the default), or the blocks, too.",
    };

    private readonly Option<string[]> _allowDomain = new("--allow-domain")
    {
        Description = "A host that the blocks may reach, such as api.example.org, *.example.org or pypi, and no other. May be given more "
            + "than once.",
        HelpName = "RULE",
    };

    private readonly Option<string[]> _secret = new("--secret")
    {
        Description = "An environment variable of this machine whose value requests to these domains get; the blocks see a placeholder. "
            + "May be given more than once.",
        HelpName = "NAME@DOMAIN,...",
    };

    private readonly Option<long?> _memory = new("--memory", "-m")
    {
        Description = "The memory of all processes together, such as 512M. Default: 2G.",
        HelpName = "SIZE",
        CustomParser = ParseMemory,
    };

    private readonly Option<double?> _cpus = new("--cpus")
    {
        Description = "Processor cores, such as 0.5. Default: no limit.",
        HelpName = "CORES",
        CustomParser = ParseCpus,
    };

    private readonly Option<string[]> _environment = new("--env")
    {
        Description = "An environment variable of the programs. May be given more than once.",
        HelpName = "NAME=VALUE",
    };

    private readonly Option<string[]> _preload = new("--preload")
    {
        Description = "A Python module that is imported once, for all blocks. May be given more than once.",
        HelpName = "MODULE",
    };

    private readonly Option<string[]> _packages = new("--packages")
    {
        Description = "A Python package, such as 'requests>=2.31', that is installed if it is missing. May be given more than once.",
        HelpName = "REQUIREMENT",
    };

    private readonly Option<string[]> _readOnly = new("--read-only")
    {
        Description = "A file or folder of this machine that the programs may read, under the same path. May be given more than once.",
        HelpName = "PATH",
    };

    private readonly AuditArguments? _audit;

    /// <param name="hasAudit">Whether there are options for an audit's file; the server keeps its own.</param>
    public ExecutorArguments(bool hasAudit = true)
    {
        _audit = hasAudit ? new() : null;
        _environment.Validators.Add(IsVariable);
        _preload.Validators.Add(NotEmpty);
        _packages.Validators.Add(NotEmpty);
        _readOnly.Validators.Add(NotEmpty);
        _allowDomain.Validators.Add(IsRule);
        _allowDomain.Validators.Add(IsWithoutNetwork);
        _secret.Validators.Add(IsSecret);
        AcceptOnly(_executor, ExecutorKinds.Names);
        AcceptOnly(_on, ExecutorKinds.Places);
        AcceptOnly(_network, [.. Networks.Keys]);
        _image.Validators.Add(NotEmpty);
    }

    public IEnumerable<Option> Options =>
        [_executor, _on, _image, _timeout, _network, _allowDomain, _secret, _memory, _cpus, _environment, _preload, _packages, _readOnly,
            .. _audit?.Options ?? []];

    /// <summary>Reads what was given.</summary>
    /// <param name="parsed">What was given.</param>
    /// <param name="keepsState">Whether <c>auto</c> takes an executor that keeps state between blocks.</param>
    /// <exception cref="CliException">There is no such executor.</exception>
    public RunRequest Read(ParseResult parsed, bool keepsState = false) => new()
    {
        Executor = ExecutorKinds.Resolve(parsed.GetValue(_executor)!, parsed.GetValue(_on), ExecutorKinds.Ways[keepsState ? 1 : 0]),
        KeepsState = keepsState && parsed.GetValue(_executor) != ExecutorKinds.Ways[0],
        Image = parsed.GetValue(_image),
        Timeout = parsed.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Network = parsed.GetValue(_network) is { } access ? Networks[access]
            : parsed.GetValue(_allowDomain) is { Length: > 0 } ? NetworkAccess.AllowList : null,
        AllowedDomains = parsed.GetValue(_allowDomain) ?? [],
        Secrets = [.. (parsed.GetValue(_secret) ?? []).Select(Secret)],
        Memory = parsed.GetValue(_memory),
        Cpus = parsed.GetValue(_cpus),
        Environment = parsed.GetValue(_environment) ?? [],
        Preload = parsed.GetValue(_preload) ?? [],
        Packages = parsed.GetValue(_packages) ?? [],
        Audit = _audit?.Read(parsed),
        ReadOnlyPaths = [.. (parsed.GetValue(_readOnly) ?? []).Select(Path.GetFullPath)],
    };

    public static void NotEmpty(OptionResult result)
    {
        if (result.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value)))
        {
            result.AddError($"{result.Option.Name} is empty.");
        }
    }

    private static void IsRule(OptionResult result)
    {
        foreach (Token token in result.Tokens)
        {
            try
            {
                _ = new ExecutionPolicy { AllowedDomains = [token.Value] };
            }
            catch (ArgumentException e)
            {
                const string Property = $"{nameof(ExecutionPolicy.AllowedDomains)}: ";
                string message = e.Message.StartsWith(Property, StringComparison.Ordinal) ? e.Message[Property.Length..] : e.Message;
                result.AddError($"{result.Option.Name}: {message}");
            }
        }
    }

    private void IsWithoutNetwork(OptionResult result)
    {
        if (result.GetResult(_network) is not null)
        {
            result.AddError($"{result.Option.Name} says what the blocks reach; leave out {_network.Name}.");
        }
    }

    private void IsSecret(OptionResult result)
    {
        foreach (Token token in result.Tokens)
        {
            string[] parts = token.Value.Split('@');
            if (parts.Length != 2 || parts[0].Length == 0 || parts[1].Length == 0)
            {
                result.AddError($"{result.Option.Name} takes NAME@DOMAIN, not '{TerminalText.Line(token.Value)}'.");
            }
            else if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(parts[0])))
            {
                result.AddError($"{result.Option.Name}: the environment has no variable {TerminalText.Line(parts[0])}, or an empty one.");
            }
            else if (result.GetResult(_allowDomain) is null)
            {
                result.AddError($"{result.Option.Name} needs {_allowDomain.Name}, which says what the blocks reach.");
            }
        }
    }

    private static EgressSecret Secret(string text) => new()
    {
        Name = text.Split('@')[0],
        Value = Environment.GetEnvironmentVariable(text.Split('@')[0])!,
        Domains = text.Split('@')[1].Split(','),
    };

    private static void IsVariable(OptionResult result)
    {
        foreach (Token token in result.Tokens.Where(t => t.Value.IndexOf('=', StringComparison.Ordinal) < 1))
        {
            result.AddError($"{result.Option.Name} takes NAME=VALUE, not '{TerminalText.Line(token.Value)}'.");
        }
    }

    /// <summary>A time that a timer takes: the longest is 24 days.</summary>
    public static double? ParseSeconds(ArgumentResult result)
    {
        if (Number(result) is { } seconds && seconds >= 0.001 && seconds <= 2_000_000)
        {
            return seconds;
        }

        result.AddError($"{NameOf(result)} takes a number of seconds, more than 0 and at most 2000000, not '{Text(result)}'.");
        return null;
    }

    /// <summary>A number within bounds.</summary>
    public static int ParseNumber(ArgumentResult result, int least, int most)
    {
        if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= least && number <= most)
        {
            return number;
        }

        result.AddError($"{NameOf(result)} takes a number from {least} to {most}, not '{Text(result)}'.");
        return 0;
    }

    public static string Text(ArgumentResult result) => TerminalText.Line(result.Tokens[0].Value);

    public static void AcceptOnly(Option option, string[] values)
    {
        option.HelpName = string.Join('|', values);
        option.CompletionSources.Add(values);
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => !values.Contains(t.Value)) is { } wrong)
            {
                result.AddError(
                    $"{option.Name} takes {string.Join(", ", values[..^1])} or {values[^1]}, not '{TerminalText.Line(wrong.Value)}'.");
            }
        });
    }

    /// <summary>An unknown option would pass for a file.</summary>
    public static void NoOption(ArgumentResult result)
    {
        if (result.Tokens.FirstOrDefault(t => t.Value.Length > 1 && t.Value[0] == '-') is { } option)
        {
            result.AddError($"There is no option {TerminalText.Line(option.Value)}.");
        }
    }

    public static double? ParseCpus(ArgumentResult result)
    {
        if (Number(result) is { } cpus && cpus >= 0.01 && cpus <= 10_000)
        {
            return cpus;
        }

        result.AddError($"{NameOf(result)} takes a number of cores of at least 0.01, such as 0.5, not '{Text(result)}'.");
        return null;
    }

    public static long? ParseMemory(ArgumentResult result)
    {
        if (ByteSize.TryParse(Text(result), out long bytes) && bytes >= 16L << 20)
        {
            return bytes;
        }

        result.AddError($"{NameOf(result)} takes a size of at least 16M, such as 512M or 2G, not '{Text(result)}'.");
        return null;
    }

    private static double? Number(ArgumentResult result) =>
        double.TryParse(Text(result), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) ? value : null;

    public static string NameOf(ArgumentResult result) => (result.Parent as OptionResult)?.Option.Name ?? result.Argument.Name;
}
