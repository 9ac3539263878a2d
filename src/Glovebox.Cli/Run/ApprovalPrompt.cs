using Glovebox.Cli.Output;

namespace Glovebox.Cli.Run;

/// <summary>Asks the person at the terminal before each block.</summary>
/// <remarks>It talks to the terminal itself, so that the reply may come through standard input and the output go through a pipe.</remarks>
internal sealed class ApprovalPrompt : IDisposable
{
    private const string Terminal = "/dev/tty";

    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;

    private ApprovalPrompt(StreamReader reader, StreamWriter writer)
    {
        _reader = reader;
        _writer = writer;
    }

    /// <exception cref="CliException">There is no terminal to ask at.</exception>
    public static ApprovalPrompt Open()
    {
        try
        {
            StreamReader reader = new(new FileStream(Terminal, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0));
            return new ApprovalPrompt(
                reader,
                new StreamWriter(new FileStream(Terminal, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0)) { AutoFlush = true });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage("--approve needs a terminal to ask at, and there is none.", "Run it at a terminal, or leave --approve out.");
        }
    }

    public async ValueTask<ApprovalDecision> AskAsync(CodeBlock block, CancellationToken cancellationToken)
    {
        await _writer.WriteLineAsync($"\n{TerminalText.Line(block.Language)}:").ConfigureAwait(false);
        foreach (string line in block.Code.TrimEnd('\n').Split('\n'))
        {
            // A carriage return would let the shown code differ from the code that runs.
            await _writer.WriteLineAsync("  | " + TerminalText.Line(line.Replace("\t", "    ", StringComparison.Ordinal))).ConfigureAwait(false);
        }

        await _writer.WriteAsync("Run this block? [y/N] ").ConfigureAwait(false);
        string? answer = await _reader.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        return answer?.Trim().ToUpperInvariant() is "Y" or "YES" ? ApprovalDecision.Approve() : ApprovalDecision.Deny("The user said no.");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _writer.Dispose();
    }
}
