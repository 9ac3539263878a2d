using System.Runtime.InteropServices;
using Glovebox.Cli.Output;
using Glovebox.Middleware;
using Microsoft.Win32.SafeHandles;

namespace Glovebox.Cli.Run;

/// <summary>Asks the person at the terminal before each block.</summary>
/// <remarks>It talks to the terminal itself, so that the reply may come through standard input and the output go through a pipe.</remarks>
internal sealed partial class ApprovalPrompt : IDisposable
{
    private readonly SafeFileHandle? _terminal;
    private readonly StreamReader _reader;
    private readonly StreamWriter _writer;

    private ApprovalPrompt(FileStream input, FileStream output)
    {
        _terminal = OperatingSystem.IsWindows() ? null : input.SafeFileHandle;
        _reader = new StreamReader(input);
        _writer = new StreamWriter(output) { AutoFlush = true };
    }

    /// <exception cref="CliException">There is no terminal to ask at.</exception>
    public static ApprovalPrompt Open()
    {
        try
        {
            return new ApprovalPrompt(
                Open(OperatingSystem.IsWindows() ? "CONIN$" : "/dev/tty", FileAccess.Read),
                Open(OperatingSystem.IsWindows() ? "CONOUT$" : "/dev/tty", FileAccess.Write));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CliException.Usage(
                "--approve needs a terminal to ask at, and there is none.", "Run it at a terminal, or leave --approve out.");
        }

        static FileStream Open(string name, FileAccess access) => new(name, FileMode.Open, access, FileShare.ReadWrite, bufferSize: 0);
    }

    /// <summary>Shows a block and waits for the answer.</summary>
    public async ValueTask<ApprovalDecision> AskAsync(ApprovalContext context, CancellationToken cancellationToken)
    {
        DropTypeAhead();
        string number = context.Blocks.Count == 1 ? "" : $" ({context.BlockIndex + 1} of {context.Blocks.Count})";
        string by = context.Programs.Count == 0 ? "" : ", run by " + string.Join(" or ", context.Programs);
        await _writer.WriteLineAsync(TerminalText.Line(context.Language + by) + number).ConfigureAwait(false);
        foreach (string line in context.Block.Code.TrimEnd('\n').Split('\n'))
        {
            await _writer.WriteLineAsync(
                "  | " + TerminalText.Line(line.Replace("\t", "    ", StringComparison.Ordinal))).ConfigureAwait(false);
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

    /// <summary>What was typed before a block is shown is no answer to it.</summary>
    private void DropTypeAhead()
    {
        if (_terminal is not null)
        {
            _ = Flush(_terminal, OperatingSystem.IsLinux() ? 0 : 1 /* TCIFLUSH */);
        }
    }

    [LibraryImport("libc", EntryPoint = "tcflush")]
    private static partial int Flush(SafeFileHandle terminal, int queue);
}
