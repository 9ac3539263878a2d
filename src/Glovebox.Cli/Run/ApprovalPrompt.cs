using Glovebox.Cli.Output;

namespace Glovebox.Cli.Run;

/// <summary>Asks the person at the terminal before each block.</summary>
/// <remarks>It talks to the terminal itself, so that the reply may come through standard input and the output go through a pipe.</remarks>
internal sealed class ApprovalPrompt : IDisposable
{
    private readonly TextReader _reader;
    private readonly TextWriter _writer;

    private ApprovalPrompt(TextReader reader, TextWriter writer)
    {
        _reader = reader;
        _writer = writer;
    }

    /// <exception cref="CliException">There is no terminal to ask at.</exception>
    public static ApprovalPrompt Open()
    {
        const string input = "/dev/tty";
        try
        {
            return OperatingSystem.IsWindows()
                ? new ApprovalPrompt(new StreamReader("CONIN$"), new StreamWriter("CONOUT$") { AutoFlush = true })
                : new ApprovalPrompt(
                    new StreamReader(new FileStream(input, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0)),
                    new StreamWriter(new FileStream(input, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)) { AutoFlush = true });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage("--approve needs a terminal to ask at, and there is none.", "Run it at a terminal, or leave --approve out.");
        }
    }

    public async ValueTask<ApprovalDecision> AskAsync(ApprovalContext context, CancellationToken cancellationToken)
    {
        string number = context.Blocks.Count == 1 ? "" : $" ({context.BlockIndex + 1} of {context.Blocks.Count})";
        await _writer.WriteLineAsync($"{TerminalText.Line(context.Block.Language)}{number}").ConfigureAwait(false);
        foreach (string line in context.Block.Code.TrimEnd('\n').Split('\n'))
        {
            await _writer.WriteLineAsync("  | " + TerminalText.Line(line.Replace("\t", "    ", StringComparison.Ordinal))).ConfigureAwait(false);
        }

        await _writer.WriteAsync("Run this block? [y/N] ").ConfigureAwait(false);
        string? answer = await _reader.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        if (answer is null)
        {
            await _writer.WriteLineAsync().ConfigureAwait(false);
        }

        return answer?.Trim().ToUpperInvariant() is "Y" or "YES" ? ApprovalDecision.Approve() : ApprovalDecision.Deny("The user said no.");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
    }
}
