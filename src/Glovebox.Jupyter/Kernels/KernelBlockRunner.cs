using System.Globalization;
using System.Text;
using Glovebox.Execution;
using Glovebox.Execution.Displays;
using Glovebox.Jupyter.Servers;
using Glovebox.Languages;

namespace Glovebox.Jupyter.Kernels;

/// <summary>Runs a block as a cell of the kernel when it is in the kernel's language, else as a process beside it. Owns the
/// server.</summary>
internal sealed class KernelBlockRunner(
    JupyterHost host, CommandLineCodeExecutorOptions options, KernelOptions jupyter, TimeProvider time) : IBlockRunner
{
    private const string KernelLost = "The kernel is a new one: what earlier blocks defined and imported is gone.";

    private const string Defined = ", and what this and earlier blocks defined is lost.";

    private readonly LanguageRegistry _registry = new(options.Languages, options.SkippedLanguages);
    private readonly ProcessBlockRunner? _processes = host.Sandbox is { } sandbox ? new ProcessBlockRunner(sandbox, options, time) : null;
    private readonly Turn _turn = new();
    private KnownLanguages? _languages;

    public string Kind => host.Kind;

    public bool SharesState => true;

    public bool IsRunning => host.IsRunning;

    public SandboxCapabilities Capabilities => host.Capabilities;

    public IWorkspace Files => host.Files;

    public ISandbox? Sandbox => host.Sandbox?.Started;

    public LanguageRegistry Languages => Known().All;

    /// <summary>Says how kernels are run in the sandboxes of a provider.</summary>
    public static Func<SandboxRequest, CommandLineCodeExecutorOptions, TimeProvider, IBlockRunner> In(
        ISandboxProvider provider, KernelOptions jupyter)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return (request, options, time) => new KernelBlockRunner(
            new HostedJupyter(new LiveSandbox(provider, request), jupyter, time), options, jupyter, time);
    }

    public Turn TurnFor(CodeExecutionOptions options) => options.Context is null ? _turn : throw CodeExecutionOptions.NoContexts();

    public Task StartAsync(CancellationToken cancellationToken) => host.StartAsync(cancellationToken);

    public Task StopAsync() => host.StopAsync();

    public ValueTask DisposeAsync() => host.DisposeAsync();

    public async Task<BlockEnd> RunAsync(BlockRun run)
    {
        string language = run.Block.Language;
        if (!IsOfKernel(language))
        {
            return _processes is not null ? await _processes.RunAsync(run).ConfigureAwait(false)
                : new BlockEnd(1, TerminationReason.NotStarted, Refusal(language));
        }

        if (run.Options.NeedProcess)
        {
            return new BlockEnd(
                1,
                TerminationReason.NotStarted,
                "A cell of a kernel takes no arguments, standard input or variables of its own: put them into the code, or into files.");
        }

        BlockDisplays displays = new(run.Output, host.DisplayFiles, host.DisplayNames, jupyter.Limits);
        BlockEnd end = await RunCellAsync(run, displays).ConfigureAwait(false);
        await displays.CompleteAsync().ConfigureAwait(false);
        return end with { Displays = displays.Shown, IsTruncated = displays.IsTruncated };
    }

    private async Task<BlockEnd> RunCellAsync(BlockRun run, BlockDisplays displays)
    {
        string? file = null;
        if (_processes is not null)
        {
            try
            {
                file = await SaveAsync(run).ConfigureAwait(false);
            }
            catch (WorkspaceException e)
            {
                return BlockEnd.NotSaved(e);
            }
        }

        await (run.Files?.Remembered ?? Task.CompletedTask).ConfigureAwait(false);
        bool wasLost = await host.PrepareKernelAsync(run.Kill).ConfigureAwait(false);
        if (wasLost)
        {
            run.Output.WriteNotice(KernelLost);
        }

        // What came before is not this block's doing.
        await host.TakeOutOfMemoryAsync(isExpected: false).ConfigureAwait(false);
        Kernel kernel = host.Kernel;
        TimeSpan longest = run.Options.Timeout ?? options.Timeout;
        using CancellationTokenSource deadline = new(longest, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, run.Kill);
        Cell cell = kernel.Execute(run.Block.Code, displays);
        try
        {
            CellEnd end = await cell.Ended.WaitAsync(either.Token).ConfigureAwait(false);
            return await EndAsync(kernel, cell, end).ConfigureAwait(false) with { CodeFile = file };
        }
        catch (OperationCanceledException)
        {
            bool lives = await kernel.StopAsync(cell).ConfigureAwait(false);
            await host.ClearAfterKernelAsync().ConfigureAwait(false);
            string what = lives ? "was interrupted. What it and earlier blocks defined is kept."
                : "did not stop when it was interrupted, so its kernel was ended: what it and earlier blocks defined is lost.";
            return new BlockEnd(
                ProcessBlockRunner.TimeoutExitCode,
                TerminationReason.TimedOut,
                string.Create(CultureInfo.InvariantCulture, $"Timed out after {longest.TotalSeconds:0.###} s; the code {what}"))
            {
                StateLost = !lives,
                CodeFile = file,
            };
        }
    }

    private async Task<BlockEnd> EndAsync(Kernel kernel, Cell cell, CellEnd end)
    {
        switch (end.Kind)
        {
            case CellEndKind.Succeeded:
                return new BlockEnd(0, TerminationReason.Exited, null);
            case CellEndKind.KernelLeaves:
                kernel.Leave();
                return Lost(0, TerminationReason.Exited, "The code ended its kernel: what it and earlier blocks defined is lost.");
            case CellEndKind.Failed when end.ErrorName == "SystemExit":
                return new BlockEnd(ExitCode(end.ErrorValue), TerminationReason.Exited, null);
            case CellEndKind.Failed:
                return new BlockEnd(1, TerminationReason.Exited, null);
            case CellEndKind.AskedForInput:
                bool lives = await kernel.StopAsync(cell).ConfigureAwait(false);
                const string Input = "The code asks for input, and gets none: put the values into the code.";
                return new BlockEnd(1, TerminationReason.Exited, Input) { StateLost = !lives };
            case CellEndKind.KernelDied:
                await host.ClearAfterKernelAsync().ConfigureAwait(false);
                return await host.TakeOutOfMemoryAsync(isExpected: true).ConfigureAwait(false)
                    ? Lost(137, TerminationReason.OutOfMemory, "Out of memory: the kernel was ended" + Defined)
                    : Lost(1, TerminationReason.SandboxLost, "The kernel died" + Defined);
            default:
                bool outOfMemory = await host.TakeOutOfMemoryAsync(isExpected: true).ConfigureAwait(false);
                (TerminationReason reason, string notice) = host.ServerLost();
                return Lost(137, outOfMemory ? TerminationReason.OutOfMemory : reason, notice);
        }
    }

    private static BlockEnd Lost(int exitCode, TerminationReason reason, string notice) =>
        new(exitCode, reason, notice) { StateLost = true };

    /// <summary>Saves a block that names a file, so that others find it there. One that names none is no file.</summary>
    private async Task<string?> SaveAsync(BlockRun run)
    {
        CodeFileName file = CodeFileName.Choose(
            run.Block.Code, _registry.Find(run.Block.Language) ?? CodeLanguage.Python, Guid.Empty, Sandbox?.WorkDirectory);
        if (file.IsTemporary)
        {
            return null;
        }

        using MemoryStream content = new(Encoding.UTF8.GetBytes(run.Block.Code), writable: false);
        await host.Files.WriteAsync(file.Path, content, run.Kill).ConfigureAwait(false);
        return file.Path;
    }

    /// <summary>Whether a name is the kernel's, its language's, or an alias of that.</summary>
    private bool IsOfKernel(string name) => Known() is { } known && ReferenceEquals(known.All.Find(name), known.OfKernel);

    /// <summary>The languages, that of the kernel among them, which no program runs. Which that is, is known once the server
    /// runs.</summary>
    private KnownLanguages Known()
    {
        CodeLanguage? known = _registry.Find(host.Language);
        string name = known?.Name ?? (host.Language.Length > 0 ? host.Language : jupyter.KernelName).ToLowerInvariant();
        if (_languages is { } languages && languages.OfKernel.Name == name)
        {
            return languages;
        }

        CodeLanguage ofKernel = new(
            name,
            known?.Extension ?? ".txt",
            programs: [],
            aliases: [.. known?.Aliases ?? [], jupyter.KernelName],
            lineComments: known?.LineComments);
        return _languages = new KnownLanguages(_registry.With(ofKernel), ofKernel);
    }

    private string Refusal(string name) => _registry.Find(name) is { } language
        ? $"A {language.Name} block needs a process of its own, and the server at a URL runs none beside its kernel ({host.Language}). "
            + $"In a Python kernel, a block that begins with %%{language.Name} does the same."
        : $"unknown language {WorkspacePath.Printable(name)}";

    /// <summary>What <c>sys.exit</c> was given, as a process would end with it.</summary>
    private static int ExitCode(string value) =>
        value is "" or "None" ? 0 : int.TryParse(
            value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code) ? code & 0xFF : 1;

    private sealed record KnownLanguages(LanguageRegistry All, CodeLanguage OfKernel);
}
