using System.Globalization;
using System.Text;

namespace Glovebox.Cli.Output;

/// <summary>Output for pipes and files: the programs' streams unchanged on ours, and what Glovebox says on standard error.</summary>
internal sealed class PlainOutput : IRunOutput, IDisposable
{
    private readonly Stream _output = Console.OpenStandardOutput();
    private readonly Stream _errors = Console.OpenStandardError();
    private bool _errorLineIsOpen;

    public void Show(CodeExecutionUpdate update)
    {
        switch (update)
        {
            case BlockStartedUpdate started:
                Say(string.Create(CultureInfo.InvariantCulture, $"--- {started.BlockIndex + 1}: {TerminalText.Line(started.Block.Language)} ---"));
                break;
            case OutputReceivedUpdate { Stream: OutputStream.StandardOutput } output:
                Write(_output, output.Text);
                break;
            case OutputReceivedUpdate output:
                Write(_errors, output.Text);
                _errorLineIsOpen = !output.Text.EndsWith('\n');
                break;
            case BlockCompletedUpdate { Result.ExitCode: not 0 } completed:
                Say(string.Create(CultureInfo.InvariantCulture, $"--- exit code {completed.Result.ExitCode} ---"));
                break;
        }
    }

    public void Finish(CodeResult result, string executor)
    {
        if (result.OutputFiles.Count > 0)
        {
            Say("--- files ---");
            foreach (WorkspaceFile file in result.OutputFiles)
            {
                Say($"{TerminalText.Line(file.Path)} ({Run.ByteSize.Format(file.Size)})");
            }
        }
    }

    public void Dispose()
    {
        _output.Dispose();
        _errors.Dispose();
    }

    private void Say(string line)
    {
        Write(_errors, (_errorLineIsOpen ? "\n" : "") + line + "\n");
        _errorLineIsOpen = false;
    }

    private static void Write(Stream stream, string text)
    {
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.Flush();
    }
}
