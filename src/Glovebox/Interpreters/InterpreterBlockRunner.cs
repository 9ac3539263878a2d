using System.Globalization;
using System.Text;
using Glovebox.Execution;
using Glovebox.Execution.Displays;
using Glovebox.Languages;

namespace Glovebox.Interpreters;

/// <summary>Runs Python and shell blocks in living interpreters of a sandbox, and blocks of other languages as processes beside
/// them.</summary>
internal sealed class InterpreterBlockRunner : IBlockRunner
{
    private const string NewInterpreter = "The interpreter is a new one: what earlier blocks defined and imported is gone.";

    private readonly LiveSandbox _sandbox;
    private readonly CommandLineCodeExecutorOptions _options;
    private readonly InterpreterOptions _interpreter;
    private readonly SupervisorSettings _settings;
    private readonly TimeProvider _time;
    private readonly ProcessBlockRunner _processes;
    private readonly DisplayFiles _files;
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly Turn _turn = new();
    private InterpreterHost? _host;

    public InterpreterBlockRunner(
        LiveSandbox sandbox,
        SandboxRequest request,
        CommandLineCodeExecutorOptions options,
        InterpreterOptions interpreter,
        TimeProvider time)
    {
        (_sandbox, _options, _interpreter, _time) = (sandbox, options, interpreter, time);
        _settings = new SupervisorSettings("", interpreter.Checkpoints, request.Memory / 3, request.Processes, request.Preload);
        _processes = new ProcessBlockRunner(sandbox, options, time);
        _files = new DisplayFiles(interpreter.OutputDir, () => Files);

        // A call of a host function is told of beside the block that makes it; which that is, is only known when there is one.
        Contexts = new ContextTable(HostAsync, _turn, sharesTurn: request.Functions is { HasCalls: true }, interpreter.MaxContexts, time);
    }

    public ContextTable Contexts { get; }

    public string Kind => _sandbox.Kind;

    public bool SharesState => true;

    public bool IsRunning => _sandbox.IsRunning;

    public SandboxCapabilities Capabilities => _sandbox.Current.Capabilities;

    public IWorkspace Files => _sandbox.Current.Workspace;

    public LanguageRegistry Languages => _processes.Languages;

    public ISandbox? Sandbox => _sandbox.Started;

    /// <summary>Says how interpreters are run in the sandboxes of a provider.</summary>
    public static Func<SandboxRequest, CommandLineCodeExecutorOptions, TimeProvider, IBlockRunner> In(
        ISandboxProvider provider, InterpreterOptions interpreter)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return (request, options, time) =>
        {
            // The supervisor imports what is preloaded, and no other Python is forked.
            SandboxRequest own = request.WithoutPreload();
            return new InterpreterBlockRunner(new LiveSandbox(provider, own), request, options, interpreter, time);
        };
    }

    public Turn TurnFor(CodeExecutionOptions options) => options.Context is { } name ? Contexts.Find(name).Turn : _turn;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await EndHostAsync().ConfigureAwait(false);
        await _sandbox.StartAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            SandboxCapabilities capabilities = _sandbox.Current.Capabilities;
            if (capabilities is { IsIsolated: true, UsesGuestAgent: false })
            {
                throw InterpreterHost.NeedsPython(Kind);
            }

            await HostAsync(cancellationToken).ConfigureAwait(false);
            await _files.PrepareAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await EndHostAsync().ConfigureAwait(false);
            await _sandbox.StopAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task StopAsync()
    {
        await EndHostAsync().ConfigureAwait(false);

        // What was there was given up on purpose.
        await Contexts.ClearAsync().ConfigureAwait(false);
        _files.Dispose();
        await _sandbox.StopAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await EndHostAsync().ConfigureAwait(false);
        await Contexts.ClearAsync().ConfigureAwait(false);
        _files.Dispose();
        _starting.Dispose();
        await _sandbox.DisposeAsync().ConfigureAwait(false);
    }

    public async Task<BlockEnd> RunAsync(BlockRun run)
    {
        if (ContextOf(run, out string? refusal) is not { } context)
        {
            return refusal is null
                ? await _processes.RunAsync(run).ConfigureAwait(false)
                : new BlockEnd(1, TerminationReason.NotStarted, refusal);
        }

        string? file;
        try
        {
            file = await SaveAsync(run).ConfigureAwait(false);
        }
        catch (WorkspaceException e)
        {
            return BlockEnd.NotSaved(e);
        }

        await (run.Files?.Remembered ?? Task.CompletedTask).ConfigureAwait(false);
        LiveContext live = await context.LiveAsync(run.Kill).ConfigureAwait(false);
        bool wasLost = context.TakeLoss(live);
        if (wasLost)
        {
            run.Output.WriteNotice(NewInterpreter);
        }
        else if (live.TakeIdleEnd() is { } end)
        {
            run.Output.WriteNotice(
                "The interpreter ended after the last block, and goes on from a checkpoint" + (end.Undone > 0
                    ? $": {Blocks(end.Undone)} undone." : "."));
        }

        BlockDisplays displays = new(run.Output, _files, live.DisplayNames, _interpreter.Limits);
        BlockEnd result = await RunAsync(run, context, live, displays).ConfigureAwait(false);
        await displays.CompleteAsync().ConfigureAwait(false);
        return result with
        {
            CodeFile = file,
            Displays = displays.Shown,
            IsTruncated = displays.IsTruncated,
        };
    }

    private async Task<BlockEnd> RunAsync(BlockRun run, CodeContext context, LiveContext live, BlockDisplays displays)
    {
        // What ran out of memory before is not this block's doing.
        await TakeOutOfMemoryAsync(isExpected: false).ConfigureAwait(false);
        TimeSpan longest = run.Options.Timeout ?? _options.Timeout;
        using CancellationTokenSource deadline = new(longest, _time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, run.Kill);
        CodeExecutionOptions given = run.Options;
        ExecuteOrder order = new(
            live.Blocks + 1,
            run.Block.Code,
            given.Arguments.Count > 0 ? given.Arguments : null,
            given.Environment.Count > 0 ? given.Environment : null,
            given.StandardInput.Length > 0 ? given.StandardInput.ToArray() : null);
        ContextEnd end = await live.RunAsync(order, displays, either.Token).ConfigureAwait(false);
        BlockEnd result = end.WasStopped
            ? new BlockEnd(
                ProcessBlockRunner.TimeoutExitCode,
                TerminationReason.TimedOut,
                string.Create(CultureInfo.InvariantCulture, $"Timed out after {longest.TotalSeconds:0.###} s; ") + (
                    end.Kind == ContextEndKind.Done
                        ? "the code was interrupted. What it and earlier blocks defined is kept."
                        : $"the code did not stop when it was interrupted, and was ended. {WhatIsLeft(end)}"))
            : end.Kind == ContextEndKind.Done ? new BlockEnd(end.Code, TerminationReason.Exited, null)
            : await EndedAsync(end).ConfigureAwait(false);
        return result with
        {
            StateLost = end.StateGone,
            UndoneBlocks = end.StateGone ? 0 : end.Undone,
            NotInCheckpoint = end.NotInCheckpoint,
        };
    }

    /// <summary>Says how a block ended whose interpreter ended with it, by nothing that we did.</summary>
    private async Task<BlockEnd> EndedAsync(ContextEnd end)
    {
        bool outOfMemory = end.Code == 137 && await TakeOutOfMemoryAsync(isExpected: true).ConfigureAwait(false);
        (TerminationReason reason, string what) = outOfMemory
            ? (TerminationReason.OutOfMemory, "Out of memory: the interpreter was ended.")
            : end.Kind == ContextEndKind.Lost ? (TerminationReason.SandboxLost, "The supervisor of the interpreters ended.")
            : end.Code > 128 ? (TerminationReason.Signaled, $"The interpreter was ended by signal {end.Code - 128}.")
            : (TerminationReason.Exited, "The code ended its interpreter.");
        return new BlockEnd(end.Code, reason, $"{what} {WhatIsLeft(end)}");
    }

    private static string WhatIsLeft(ContextEnd end) => end switch
    {
        { Kind: ContextEndKind.Lost } or { StateGone: true } => "What this and earlier blocks defined is lost.",
        { Undone: <= 1 } => "This block is undone, but for files; what earlier blocks defined is kept.",
        _ => $"This block and {Blocks(end.Undone - 1)} before it are undone, but for files; what blocks before these defined is kept.",
    };

    private static string Blocks(int count) => count == 1 ? "1 block" : string.Create(CultureInfo.InvariantCulture, $"{count} blocks");

    /// <summary>Finds the context of a block. Null: it is for a process of its own, or is refused.</summary>
    private CodeContext? ContextOf(BlockRun run, out string? refusal)
    {
        refusal = null;
        CodeLanguage? language = Languages.Find(run.Block.Language);
        bool isShell = ReferenceEquals(language, CodeLanguage.Bash) || ReferenceEquals(language, CodeLanguage.Sh);
        if (!isShell && !ReferenceEquals(language, CodeLanguage.Python))
        {
            // Unknown languages are the process runner's to refuse.
            return null;
        }

        if (isShell && run.Options.NeedProcess)
        {
            refusal = "A block of a shell context takes no arguments, standard input or variables of its own: put them into the code.";
            return null;
        }

        if (run.Block.Code.Contains('\0'))
        {
            refusal = "The code holds a NUL character.";
            return null;
        }

        CodeContext context = run.Options.Context is { } name ? Contexts.Find(name) : Contexts.Default(isShell);
        if (context.IsShell != isShell)
        {
            refusal = $"The context {context.Name} runs {context.Language} blocks, and this is a {language!.Name} block.";
            return null;
        }

        return context;
    }

    /// <summary>Saves a block that names a file, so that others find it there. One that names none is no file.</summary>
    private async Task<string?> SaveAsync(BlockRun run)
    {
        CodeFileName file = CodeFileName.Choose(
            run.Block.Code, Languages.Find(run.Block.Language) ?? CodeLanguage.Python, Guid.Empty, Sandbox?.WorkDirectory);
        if (file.IsTemporary)
        {
            return null;
        }

        using MemoryStream content = new(Encoding.UTF8.GetBytes(run.Block.Code), writable: false);
        await Files.WriteAsync(file.Path, content, run.Kill).ConfigureAwait(false);
        return file.Path;
    }

    private ValueTask<bool> TakeOutOfMemoryAsync(bool isExpected) => _sandbox.Started?.TakeOutOfMemoryAsync(isExpected) ?? new(false);

    /// <summary>Gets the supervisor that runs. One that has ended, by what a block did, is followed by another.</summary>
    private async Task<InterpreterHost> HostAsync(CancellationToken cancellationToken)
    {
        await _starting.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_host is not { IsRunning: true })
            {
                if (_host is { } before)
                {
                    _host = null;
                    await before.DisposeAsync().ConfigureAwait(false);

                    // What its contexts had started.
                    await _sandbox.Current.EndProcessesAsync(cancellationToken).ConfigureAwait(false);
                }

                ISandbox sandbox = _sandbox.Current;
                _host = await InterpreterHost.StartAsync(
                    sandbox, _settings with { Work = sandbox.WorkDirectory }, _time, cancellationToken).ConfigureAwait(false);
            }

            return _host;
        }
        finally
        {
            _starting.Release();
        }
    }

    private async Task EndHostAsync()
    {
        if (_host is { } host)
        {
            _host = null;
            await host.DisposeAsync().ConfigureAwait(false);
        }
    }
}
