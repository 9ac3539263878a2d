using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Glovebox.Cli.Output;
using Glovebox.Cli.Run;

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
        Description = "Where to run. auto takes the first that isolates and works here; never local.",
        DefaultValueFactory = _ => ExecutorKinds.Auto,
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

    public ExecutorArguments()
    {
        _environment.Validators.Add(IsVariable);
        _preload.Validators.Add(NotEmpty);
        _packages.Validators.Add(NotEmpty);
        _readOnly.Validators.Add(NotEmpty);
        AcceptOnly(_executor, ExecutorKinds.Names);
        AcceptOnly(_network, [.. Networks.Keys]);
        _image.Validators.Add(NotEmpty);
    }

    public IEnumerable<Option> Options =>
        [_executor, _image, _timeout, _network, _memory, _cpus, _environment, _preload, _packages, _readOnly];

    /// <summary>Reads what was given.</summary>
    public RunRequest Read(ParseResult parsed) => new()
    {
        Executor = parsed.GetValue(_executor)!,
        Image = parsed.GetValue(_image),
        Timeout = parsed.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        Network = parsed.GetValue(_network) is { } access ? Networks[access] : null,
        Memory = parsed.GetValue(_memory),
        Cpus = parsed.GetValue(_cpus),
        Environment = parsed.GetValue(_environment) ?? [],
        Preload = parsed.GetValue(_preload) ?? [],
        Packages = parsed.GetValue(_packages) ?? [],
        ReadOnlyPaths = [.. (parsed.GetValue(_readOnly) ?? []).Select(Path.GetFullPath)],
    };

    public static void NotEmpty(OptionResult result)
    {
        if (result.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value)))
        {
            result.AddError($"{result.Option.Name} is empty.");
        }
    }

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

    public static string Text(ArgumentResult result) => TerminalText.Line(result.Tokens[0].Value);

    private static void AcceptOnly(Option option, string[] values)
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

    private static double? ParseCpus(ArgumentResult result)
    {
        if (Number(result) is { } cpus && cpus >= 0.01 && cpus <= 10_000)
        {
            return cpus;
        }

        result.AddError($"{NameOf(result)} takes a number of cores of at least 0.01, such as 0.5, not '{Text(result)}'.");
        return null;
    }

    private static long? ParseMemory(ArgumentResult result)
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
