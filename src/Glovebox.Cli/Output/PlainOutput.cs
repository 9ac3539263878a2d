namespace Glovebox.Cli.Output;

/// <summary>Output for pipes and files: the programs' streams on ours, as they are, and what Glovebox says on standard error.</summary>
/// <param name="blockCount">How many blocks there are.</param>
/// <param name="filesVanish">Whether the work directory goes with the run.</param>
/// <param name="isWhole">Whether nothing that the programs print may be missing.</param>
internal sealed class PlainOutput(int blockCount, bool filesVanish, bool isWhole) : IRunOutput
{
    private readonly Channel _output = new(StandardStream.Output);
    private readonly Channel _errors = new(StandardStream.Error);

    /// <summary>Where both go to one place, what is written to one ends the line of the other.</summary>
    private readonly bool _areTheSame = StandardStream.AreTheSame;
    private long _missing;
    private bool _isFinished;

    public void Show(CodeExecutionUpdate update)
    {
        switch (update)
        {
            case BlockStartedUpdate started:
                Say($"--- {started.BlockIndex + 1}/{blockCount} {TerminalText.Line(started.Block.Language)} ---");
                break;
            case OutputReceivedUpdate output:
                _missing += output.DroppedBytes;
                Write(output.Stream == OutputStream.StandardOutput ? _output : _errors, output.Text);
                break;
            case BlockCompletedUpdate completed:
                _output.End();
                _errors.End();
                if (completed.Result is { ExitCode: not 0 } or { Termination: TerminationReason.Skipped })
                {
                    Say($"--- {BlockOutcome.Describe(completed.Result)} ---");
                }

                break;
        }
    }

    public void Finish(CodeResult result, Refusals? refusals)
    {
        _isFinished = true;
        IReadOnlyList<WorkspaceFile> files = result.OutputFiles;
        if (files.Count > 0)
        {
            Say(filesVanish ? "--- files (they go with the temporary work directory; --work-dir DIR keeps them) ---" : "--- files ---");
            foreach (WorkspaceFile file in files)
            {
                Say($"{TerminalText.Line(file.Path)} ({Run.ByteSize.Format(file.Size)}){SetIdWarning.Of(file)}");
            }
        }

        if (!result.AreOutputFilesComplete)
        {
            Say($"--- {FileList.Incomplete} ---");
        }

        foreach (string line in refusals?.Lines(namesOption: true) ?? [])
        {
            Say(line);
        }

        if (isWhole && _missing > 0)
        {
            throw CliException.CouldNotRun(
                "output-lost",
                $"{_missing} bytes of output are missing: what reads it was too slow.",
                "Read faster, as into a file, or print less. --max-output SIZE keeps the beginning and the end of it.");
        }
    }

    public void Dispose()
    {
        // An error is about to be said.
        if (!_isFinished && _errors.LineIsOpen)
        {
            Write(_errors, "\n");
        }
    }

    /// <summary>Writes a line of Glovebox's own, on a line of its own.</summary>
    private void Say(string line) => Write(_errors, (_errors.LineIsOpen ? "\n" : "") + line + "\n");

    private void Write(Channel channel, string text)
    {
        channel.Write(text);
        if (_areTheSame)
        {
            (channel == _output ? _errors : _output).LineIsOpen = channel.LineIsOpen;
        }
    }

    /// <summary>One of our streams. One that is a terminal after all must not obey the guest.</summary>
    private sealed class Channel(StandardStream stream)
    {
        private readonly TerminalText? _safe = stream.IsTerminal ? new TerminalText(passesColours: false) : null;

        public bool LineIsOpen { get; set; }

        public void Write(string text)
        {
            string clean = _safe is null ? text : _safe.Clean(text);
            if (clean.Length > 0)
            {
                stream.Write(clean);
                LineIsOpen = clean[^1] != '\n';
            }
        }

        /// <summary>Writes what was held back.</summary>
        public void End()
        {
            if (_safe?.End() is { Length: > 0 } rest)
            {
                stream.Write(rest);
                LineIsOpen = true;
            }
        }
    }
}
