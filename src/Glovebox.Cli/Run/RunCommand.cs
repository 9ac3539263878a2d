using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Glovebox.Cli.Executors;
using Glovebox.Cli.Output;

namespace Glovebox.Cli.Run;

/// <summary><c>glovebox run</c>: its options.</summary>
internal static class RunCommand
{
    public const string Name = "run";

    /// <summary>What <c>glovebox run --help</c> says beyond the options.</summary>
    public const string Notes =
        """
        Exit code:
          The program's; 124 when its time ran out; 125 when Glovebox could not run it; 2 for wrong usage.

        Output:
          At a terminal, all that happens, in order. Else standard output has what the programs print there, unchanged,
          and standard error the rest, with a header for each block.

        Examples:
          glovebox run reply.md
          glovebox run script.py --timeout 10 --memory 512M
          echo 'print(1)' | glovebox run --language python

        """;

    private static readonly Dictionary<string, NetworkAccess> Networks = new(StringComparer.Ordinal)
    {
        ["none"] = NetworkAccess.None,
        ["setup"] = NetworkAccess.SetupOnly,
        ["full"] = NetworkAccess.Full,
    };

    public static Command Create(Option<bool> json)
    {
        Argument<string?> file = new("FILE")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "A reply in Markdown (.md, .txt), a script (.py, .sh, .ps1, .js, .cs), or - for standard input.",
        };
        Option<string?> language = new("--language", "-l") { Description = "Run the whole input as one block of this language.", HelpName = "NAME" };
        Option<string> executor = new("--executor", "-e")
        {
            Description = "Where to run. auto takes the first that isolates and works here; never local.",
            DefaultValueFactory = _ => ExecutorKinds.Auto,
        };
        AcceptOnly(executor, ExecutorKinds.Names);
        Option<string?> image = new("--image") { Description = "The image, for the Docker executors.", HelpName = "NAME" };
        Option<double?> timeout = new("--timeout", "-t") { Description = "How long each block may run. Default: 60.", HelpName = "SECONDS", CustomParser = ParseTimeout };
        Option<string?> workDir = new("--work-dir", "-w") { Description = "The directory where files persist. Default: a temporary one.", HelpName = "DIR" };
        Option<string?> network = new("--network") { Description = "Who reaches the network: nobody, set-up only (the default), or the blocks too." };
        AcceptOnly(network, [.. Networks.Keys]);
        Option<long?> memory = new("--memory", "-m")
        {
            Description = "The memory of all processes together, such as 512M. Default: 2G.",
            HelpName = "SIZE",
            CustomParser = ParseMemory,
        };
        Option<double?> cpus = new("--cpus") { Description = "Processor cores, such as 0.5. Default: no limit.", HelpName = "CORES", CustomParser = ParseCpus };
        Option<bool> approve = new("--approve") { Description = "Show each block, and ask before it runs." };
        foreach (Option<string?> text in new[] { language, image, workDir })
        {
            text.Validators.Add(NotEmpty);
        }

        file.Validators.Add(NoOption);

        Command command = new(Name, "Runs the code blocks of a reply, or a script.")
        {
            file, language, executor, image, timeout, workDir, network, memory, cpus, approve, json,
        };
        command.SetAction((parsed, cancellationToken) => RunSession.RunAsync(
            new RunRequest
            {
                File = parsed.GetValue(file),
                Language = parsed.GetValue(language),
                Executor = parsed.GetValue(executor)!,
                Image = parsed.GetValue(image),
                Timeout = parsed.GetValue(timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                WorkDir = parsed.GetValue(workDir),
                Network = parsed.GetValue(network) is { } access ? Networks[access] : null,
                Memory = parsed.GetValue(memory),
                Cpus = parsed.GetValue(cpus),
                Approve = parsed.GetValue(approve),
                Json = parsed.GetValue(json),
            },
            cancellationToken));
        return command;
    }

    private static void AcceptOnly(Option option, string[] values)
    {
        option.HelpName = string.Join('|', values);
        option.CompletionSources.Add(values);
        option.Validators.Add(result =>
        {
            if (result.Tokens.FirstOrDefault(t => !values.Contains(t.Value)) is { } wrong)
            {
                result.AddError($"{option.Name} takes {string.Join(", ", values[..^1])} or {values[^1]}, not '{TerminalText.Line(wrong.Value)}'.");
            }
        });
    }

    /// <summary>What looks like an option and is none would pass for a file.</summary>
    private static void NoOption(ArgumentResult result)
    {
        if (result.Tokens.Any(t => t.Value.Length > 1 && t.Value[0] == '-'))
        {
            result.AddError($"There is no option {Text(result)}.");
        }
    }

    private static void NotEmpty(OptionResult result)
    {
        if (result.Tokens.Any(t => string.IsNullOrWhiteSpace(t.Value)))
        {
            result.AddError($"{result.Option.Name} is empty.");
        }
    }

    private static double? ParseTimeout(ArgumentResult result)
    {
        // The longest that a timer takes is 24 days.
        if (Number(result) is { } seconds && seconds >= 0.001 && seconds <= 2_000_000)
        {
            return seconds;
        }

        result.AddError($"--timeout takes a number of seconds, more than 0 and at most 2000000, not '{Text(result)}'.");
        return null;
    }

    private static double? ParseCpus(ArgumentResult result)
    {
        if (Number(result) is { } cpus && cpus >= 0.01 && cpus <= 10_000)
        {
            return cpus;
        }

        result.AddError($"--cpus takes a number of cores of at least 0.01, such as 0.5, not '{Text(result)}'.");
        return null;
    }

    private static long? ParseMemory(ArgumentResult result)
    {
        if (ByteSize.TryParse(Text(result), out long bytes) && bytes >= 16L << 20)
        {
            return bytes;
        }

        result.AddError($"--memory takes a size of at least 16M, such as 512M or 2G, not '{Text(result)}'.");
        return null;
    }

    private static double? Number(ArgumentResult result) =>
        double.TryParse(Text(result), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) ? value : null;

    private static string Text(ArgumentResult result) => TerminalText.Line(result.Tokens[0].Value);
}
