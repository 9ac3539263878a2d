using System.Net;

namespace Glovebox.Sandboxes.Agentless;

/// <summary>A sandbox without a guest agent, because there is no Python in it: its place starts each program.</summary>
/// <param name="place">What the provider has started.</param>
/// <param name="programs">Starts programs.</param>
/// <param name="files">The files of the work directory.</param>
/// <param name="capabilities">What is enforced.</param>
internal sealed class AgentlessSandbox(SandboxPlace place, IProgramStarter programs, IWorkspace files, SandboxCapabilities capabilities)
    : ISandbox
{
    private readonly ProgramFinder _finder = new(programs.RunAsync);

    public string Kind => place.Kind;

    public string WorkDirectory => place.WorkDirectory;

    public SandboxCapabilities Capabilities => capabilities;

    public Task Ended => programs.Ended;

    public IWorkspace Files => files;

    public async Task<ISandboxProcess> StartProcessAsync(ProcessRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.StandardInput.IsEmpty)
        {
            throw new SandboxUnavailableException(
                "standard-input-unavailable",
                "Programs have no standard input in a sandbox without a guest agent.",
                "Write the input into a file of the workspace, or take an image with Python.");
        }

        await request.PrepareAsync(Files, cancellationToken).ConfigureAwait(false);

        // What ran out of memory before is not this program's.
        await place.TakeOutOfMemoryAsync(isExpected: false).ConfigureAwait(false);
        return SandboxProcess.Start(async kill =>
        {
            ProcessExit? exit = await _finder.RunAsync(request, kill).ConfigureAwait(false);
            return await place.FinishAsync(exit, reportsMemory: false, Ended, kill).ConfigureAwait(false);
        });
    }

    public Task<Stream> ConnectAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
        Task.FromException<Stream>(NoAgent());

    public Task<ISandboxListener> ListenAsync(EndPoint endPoint, CancellationToken cancellationToken = default) =>
        Task.FromException<ISandboxListener>(NoAgent());

    public Task EndProcessesAsync(CancellationToken cancellationToken = default) => Task.FromException(NoAgent());

    public ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => place.TakeOutOfMemoryAsync(isExpected);

    public async ValueTask DisposeAsync()
    {
        await place.EndAsync().ConfigureAwait(false);
        await programs.DisposeAsync().ConfigureAwait(false);
        await place.DisposeAsync().ConfigureAwait(false);
    }

    private static SandboxLostException NoAgent() => new("The sandbox has no guest agent.");
}

/// <summary>Starts programs in a sandbox without a guest agent.</summary>
internal interface IProgramStarter : IAsyncDisposable
{
    /// <summary>Gets a task that completes when no more programs can be started.</summary>
    Task Ended { get; }

    /// <summary>Runs a program as guest code until it ends.</summary>
    /// <param name="command">Its path, and its arguments.</param>
    /// <param name="output">Receives what it prints.</param>
    /// <param name="kill">Ends it and everything that it started.</param>
    /// <returns>How it ended; null: the sandbox ended with it.</returns>
    /// <exception cref="OperationCanceledException">The kill came before it was started.</exception>
    Task<ProcessExit?> RunAsync(IReadOnlyList<string> command, IOutputSink output, CancellationToken kill);
}
