using System.CommandLine;
using System.CommandLine.Parsing;
using Glovebox.Cli.Executors;

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
          glovebox run count.py --stdin words.txt -- --top 10

        Arguments:
          What follows -- are the arguments of each block's program.

        """;

    public static Command Create(Option<bool> json, string[] programArguments)
    {
        Argument<string?> file = new("FILE")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "A reply in Markdown (.md, .txt), a script (.py, .sh, .ps1, .js, .cs), or - for standard input.",
        };
        Option<string?> language = new("--language", "-l")
        {
            Description = "Run the whole input as one block of this language.",
            HelpName = "NAME",
        };
        Option<string?> workDir = new("--work-dir", "-w")
        {
            Description = "The directory where files persist. Default: a temporary one.",
            HelpName = "DIR",
        };
        Option<string?> input = new("--stdin")
        {
            Description = "The file that each block reads from its standard input, or - for this command's. Default: empty.",
            HelpName = "FILE",
        };
        Option<bool> approve = new("--approve") { Description = "Show each block, and ask before it runs." };
        Option<long?> maxOutput = new("--max-output")
        {
            Description = "The most output of a block, such as 64K; of more, the beginning and the end. Default: 1M; all, if piped.",
            HelpName = "SIZE",
            CustomParser = ParseOutput,
        };
        language.Validators.Add(ExecutorArguments.NotEmpty);
        workDir.Validators.Add(ExecutorArguments.NotEmpty);
        input.Validators.Add(ExecutorArguments.NotEmpty);
        file.Validators.Add(ExecutorArguments.NoOption);

        Command command = new(Name, "Runs the code blocks of a reply, or a script.")
        {
            file, language, workDir, input, approve, json, maxOutput,
        };
        ExecutorArguments executor = new();
        foreach (Option option in executor.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => RunSession.RunAsync(
            executor.Read(parsed) with
            {
                File = parsed.GetValue(file),
                Language = parsed.GetValue(language),
                WorkDir = parsed.GetValue(workDir),
                StandardInput = parsed.GetValue(input),
                ProgramArguments = programArguments,
                Approve = parsed.GetValue(approve),
                Json = parsed.GetValue(json),
                MaxOutput = parsed.GetValue(maxOutput),
            },
            cancellationToken));
        return command;
    }

    private static long? ParseOutput(ArgumentResult result)
    {
        if (ByteSize.TryParse(ExecutorArguments.Text(result), out long bytes)
            && bytes is >= 1L << 10 and <= 1L << 30)
        {
            return bytes;
        }

        result.AddError($"--max-output takes a size from 1K to 1G, such as 64K or 8M, not '{ExecutorArguments.Text(result)}'.");
        return null;
    }
}
