using System.Net;
using Glovebox.Sandboxes.Files;

namespace Glovebox.Sandboxes.Agentless;

/// <summary>A sandbox without a guest agent, because there is no Python in it: its place starts each program.</summary>
/// <param name="place">What the provider has started.</param>
/// <param name="programs">Starts programs.</param>
/// <param name="files">The files of the work directory.</param>
/// <param name="capabilities">What is enforced.</param>
internal sealed class AgentlessSandbox(SandboxPlace place, IProgramStarter programs, IWorkspace files, SandboxCapabilities capabilities)
    : ISandbox
{
    private readonly ProcessTable _processes = new();
    private readonly ProgramFinder _finder = new(programs.RunAsync);

    public string Kind => place.Kind;

    public string WorkDirectory => place.WorkDirectory;

    public SandboxCapabilities Capabilities => capabilities;

    public Task Ended => programs.Ended;

    public IWorkspace Workspace => files;

    public ISandboxFiles Files => field ??= new GuestFiles(
        this, Unavailable("files-unavailable", "Files outside of the work directory cannot be reached"));

    public IReadOnlyList<ISandboxProcess> Processes => _processes.Running;

    public async Task<ISandboxProcess> StartProcessAsync(ProcessRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        if (request.Terminal is not null)
        {
            throw Unavailable("terminal-unavailable", "Programs have no terminal");
        }

        if (request.HasOpenInput || !request.StandardInput.IsEmpty)
        {
            throw new SandboxUnavailableException(
                "standard-input-unavailable",
                "Programs have no standard input in a sandbox without a guest agent.",
                "Write the input into a file of the workspace, or take an image with Python.");
        }

        if (request.IsBackground)
        {
            throw Unavailable("background-unavailable", "No process stays in the background");
        }

        await request.PrepareAsync(Workspace, cancellationToken).ConfigureAwait(false);

        // What ran out of memory before is not this program's.
        await place.TakeOutOfMemoryAsync(isExpected: false).ConfigureAwait(false);
        OutputHub output = new(request);
        return SandboxProcess.Start(_processes, request, output, NoControls.Instance, async kill =>
        {
            ProcessExit? exit = await _finder.RunAsync(request, output, kill).ConfigureAwait(false);
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

    private static SandboxUnavailableException Unavailable(string code, string what) =>
        new(code, $"{what} in a sandbox without a guest agent.", "Take an image, or a system, with Python.");

    /// <summary>Nothing can be said to a process here; it can be killed.</summary>
    private sealed class NoControls : IProcessControls
    {
        public static NoControls Instance { get; } = new();

        public Task WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task CloseInputAsync() => throw new NotSupportedException();

        public Task<bool> SignalAsync(int signal, CancellationToken cancellationToken) =>
            Task.FromException<bool>(Unavailable("signals-unavailable", "Processes get no signals"));

        public Task ResizeAsync(TerminalSize size, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
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
