using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Glovebox.Cli.Audit;
using Glovebox.Cli.Doctor;
using Glovebox.Cli.Mcp;
using Glovebox.Cli.Output;
using Glovebox.Cli.Run;
using Glovebox.Cli.Serve;

namespace Glovebox.Cli;

/// <summary>The tool.</summary>
internal static class Program
{
    private static readonly Option<bool> Json = new("--json") { Description = "Print one JSON object when all is over." };

    public static string Version { get; } =
        typeof(Program).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static async Task<int> Main(string[] args)
    {
        // What follows two hyphens is the programs', whatever it looks like.
        int end = Array.IndexOf(args, "--");
        string[]? programArguments = end < 0 ? null : args[(end + 1)..];

        // A file's name may begin with @: it is not a file of further arguments.
        ParseResult parsed = CreateRoot(programArguments ?? []).Parse(
            end < 0 ? args : args[..end], new ParserConfiguration { ResponseFileTokenReplacer = null });
        bool json = parsed.GetResult(Json) is { Implicit: false };
        using TerminationSignals signals = new();
        try
        {
            // Who asks for help need not name what is required.
            if (parsed.Errors.Count > 0 && parsed.Action is not Help)
            {
                throw CliException.Usage(
                    string.Join(" ", parsed.Errors.Select(e => TerminalText.Line(e.Message))), SeeHelp(parsed.CommandResult.Command));
            }

            if (programArguments is not null && parsed.CommandResult.Command.Name != RunCommand.Name)
            {
                throw CliException.Usage("Only the command run takes arguments of programs, after --.", "See: glovebox run --help");
            }

            InvocationConfiguration configuration = new() { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false };
            return await parsed.InvokeAsync(configuration, signals.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            return Failure.Report(e, json, signals);
        }
    }

    private static RootCommand CreateRoot(string[] programArguments)
    {
        RootCommand root = new("Runs code that a language model wrote, isolated from this machine.")
        {
            RunCommand.Create(Json, programArguments),
            DoctorCommand.Create(Json),
            McpCommand.Create(),
            ServeCommand.Create(),
            KeysCommand.Create(Json),
            AuditCommand.Create(Json),
        };
        Help help = new();
        root.Options.OfType<HelpOption>().Single().Action = help;

        // Without a command, the help says which commands exist.
        root.SetAction(parsed =>
        {
            help.Invoke(parsed);
            return ExitCodes.WrongUsage;
        });
        return root;
    }

    private static string SeeHelp(Command command)
    {
        string names = "";
        for (Command? at = command; at is not null and not RootCommand; at = at.Parents.OfType<Command>().FirstOrDefault())
        {
            names = $"{at.Name} {names}";
        }

        return $"See: glovebox {names}--help";
    }

    /// <summary>The help of the options, followed by the notes of the command.</summary>
    private sealed class Help : SynchronousCommandLineAction
    {
        private readonly HelpAction _options = new();

        public override int Invoke(ParseResult parseResult)
        {
            int exitCode = _options.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output.Write(parseResult.CommandResult.Command.Name switch
            {
                RunCommand.Name => RunCommand.Notes,
                McpCommand.Name => McpCommand.Notes,
                ServeCommand.Name => ServeCommand.Notes,
                AuditCommand.VerifyName => AuditCommand.Notes,
                _ => "",
            });
            return exitCode;
        }
    }
}
