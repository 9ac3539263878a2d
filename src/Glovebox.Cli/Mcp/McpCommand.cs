using System.CommandLine;
using Glovebox.Sessions;
using Glovebox.Cli.Executors;

namespace Glovebox.Cli.Mcp;

/// <summary><c>glovebox mcp</c>: its options.</summary>
internal static class McpCommand
{
    public const string Name = "mcp";

    /// <summary>What <c>glovebox mcp --help</c> says beyond the options.</summary>
    public const string Notes =
        """
        Standard input and output carry the protocol; standard error has the log. It ends with its standard input.
        Where code runs and what it may use is said here, and no client can change it.

        Example, for a client's configuration:
          {"mcpServers": {"glovebox": {"command": "glovebox", "args": ["mcp", "--timeout", "30"]}}}

        """;

    private const int MostSessions = 1000;
    private const int LongestText = 10_000_000;

    public static Command Create()
    {
        Option<int> maxSessions = new("--max-sessions")
        {
            Description = "The most sessions at a time. Default: 8.",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 8,
            CustomParser = result => ExecutorArguments.ParseNumber(result, 1, MostSessions),
        };
        Option<double?> idleTimeout = new("--idle-timeout")
        {
            Description = "The time after which an unused session ends, with its files. Default: 1200.",
            HelpName = "SECONDS",
            CustomParser = ExecutorArguments.ParseSeconds,
        };
        Option<int> maxText = new("--max-text")
        {
            Description = $"The most characters of an answer's text. Default: {CodeResult.DefaultMaxTextLength}.",
            HelpName = "CHARACTERS",
            DefaultValueFactory = _ => CodeResult.DefaultMaxTextLength,
            CustomParser = result => ExecutorArguments.ParseNumber(result, CodeResult.MinMaxTextLength, LongestText),
        };
        Command command = new(Name, "Offers sandboxes to a client of the Model Context Protocol.") { maxSessions, idleTimeout, maxText };
        ExecutorArguments executor = new();
        foreach (Option option in executor.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) =>
        {
            CodeSessionPoolOptions sessions = new() { MaxSessions = parsed.GetValue(maxSessions), WhenFull = FullPoolBehavior.Refuse };
            if (parsed.GetValue(idleTimeout) is { } seconds)
            {
                sessions.IdleTimeout = TimeSpan.FromSeconds(seconds);
            }

            return McpHost.RunAsync(executor.Read(parsed, keepsState: true), sessions, parsed.GetValue(maxText), cancellationToken);
        });
        return command;
    }
}
