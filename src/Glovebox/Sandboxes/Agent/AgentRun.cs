using Glovebox.Sandboxes.Agent.Protocol;

namespace Glovebox.Sandboxes.Agent;

/// <summary>A program that the agent was asked to run.</summary>
/// <param name="client">The agent.</param>
/// <param name="number">The number of its frames.</param>
/// <param name="output">Where its output goes.</param>
/// <param name="file">The file that goes with the request; null: the request has no file, or it is saved already.</param>
/// <param name="listsFiles">Whether the work directory is listed after it.</param>
internal sealed class AgentRun(AgentClient client, uint number, IOutputSink output, ProcessFile? file, bool listsFiles) : IProcessControls
{
    private readonly TaskCompletionSource<ProcessExit?> _reported = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The answers that belong to the run: that the file could not be saved, or the files after its end. Null: no answer
    /// can come.</summary>
    public PendingRequest? Answers { get; } = file is not null || listsFiles ? new() : null;

    /// <summary>Where its output goes.</summary>
    public IOutputSink Output => output;

    /// <summary>Its standard input, where that stays open.</summary>
    public AgentStream? Input { get; init; }

    /// <summary>Asks the agent to end it. The answer may never come; that is the caller's to deal with.</summary>
    public void Kill() => client.Kill(number);

    public Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) =>
        Input!.WriteAsync(data, cancellationToken).AsTask();

    public Task CloseInputAsync() => Input!.EndWritesAsync();

    public Task<bool> SignalAsync(int signal, CancellationToken cancellationToken) =>
        client.TellRunAsync(GuestFrameType.Signal, number, (ushort)signal, 0, cancellationToken);

    public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken) =>
        client.TellRunAsync(GuestFrameType.Resize, number, (ushort)size.Rows, (ushort)size.Columns, cancellationToken);

    /// <summary>Takes the news of its end.</summary>
    public void Report(ProcessExit exit) => _reported.TrySetResult(exit);

    /// <summary>The channel has ended, and no news comes any more.</summary>
    public void Lose() => _reported.TrySetResult(null);

    /// <summary>It cannot be sent.</summary>
    public void Refuse(ArgumentException reason) => _reported.TrySetException(reason);

    /// <summary>Waits for its end.</summary>
    /// <returns>How it ended, or null when the channel ended first.</returns>
    /// <exception cref="WorkspaceException">The file that goes with it cannot be saved; nothing was run.</exception>
    /// <exception cref="ArgumentException">The request is too long for the channel.</exception>
    public async Task<ProcessExit?> WaitAsync()
    {
        bool listingComes = false;
        try
        {
            ProcessExit? exit = await _reported.Task.ConfigureAwait(false);
            if (exit is null || Answers is not { } answers)
            {
                return exit;
            }

            if (file is not null && exit.Kind == ProcessExitKind.NotStarted && answers.Reply.IsCompletedSuccessfully)
            {
                throw GuestWorkspace.Failure(file.Path, await answers.Reply.ConfigureAwait(false));
            }

            listingComes = listsFiles && exit.Kind == ProcessExitKind.Exited;
            exit.ListFiles = listingComes ? cancellationToken => ListAsync(answers, cancellationToken) : null;
            return exit;
        }
        finally
        {
            client.Forget(number, keepsAnswers: listingComes);
            Input?.Leave();
        }
    }

    /// <summary>Waits for the listing that comes after the run. One that was given up is kept no longer.</summary>
    private async Task<WorkspaceListing> ListAsync(PendingRequest answers, CancellationToken cancellationToken)
    {
        try
        {
            return GuestWorkspace.Listing(await answers.Reply.WaitAsync(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            client.Forget(number, keepsAnswers: false);
        }
    }
}
