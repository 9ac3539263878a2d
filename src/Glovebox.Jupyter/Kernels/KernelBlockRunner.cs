using System.Globalization;
using System.Text;
using Glovebox.Jupyter.Displays;
using Glovebox.Jupyter.Servers;

namespace Glovebox.Jupyter.Kernels;

/// <summary>Runs a block as a cell of the kernel when it is in the kernel's language, else as a process beside it.</summary>
internal sealed class KernelBlockRunner(JupyterEnvironment environment, CommandLineSettings settings, JupyterSettings jupyter, TimeProvider time) : IBlockRunner
{
    private const string KernelLost = "The kernel is a new one: what earlier blocks defined and imported is gone.";

    private readonly BlockRunner _processes = new(environment, settings, time);
    private KnownLanguages? _languages;

    private bool IsPython => environment.Language.Equals(CodeLanguage.Python.Name, StringComparison.OrdinalIgnoreCase);

    public LanguageRegistry Languages => Known().All;

    public async Task<BlockResult> RunAsync(CodeBlock block, ProducedFiles? files, OutputCollector output, CancellationToken kill)
    {
        if (!IsOfKernel(block.Language) && environment.RunsPrograms)
        {
            return await _processes.RunAsync(block, files, output, kill).ConfigureAwait(false);
        }

        BlockDisplays displays = new(output, environment.DisplayFiles, environment.DisplayNames, jupyter.Limits);
        long started = time.GetTimestamp();
        try
        {
            BlockEnd end = IsOfKernel(block.Language)
                ? await RunCellAsync(block, files, output, displays, kill).ConfigureAwait(false)
                : new BlockEnd(1, TerminationReason.NotStarted, Refusal(block.Language));
            await displays.CompleteAsync().ConfigureAwait(false);
            output.Complete(end.Notice);
            return new BlockResult
            {
                Block = block,
                Language = LanguageOf(block.Language),
                ExitCode = end.ExitCode,
                Output = output.Combined,
                StandardOutput = output.StandardOutput,
                StandardError = output.StandardError,
                Truncated = output.Truncated || displays.IsTruncated,
                Duration = time.GetElapsedTime(started),
                Termination = end.Reason,
                StateLost = end.StateLost,
                CodeFile = end.CodeFile,
                Displays = displays.Shown,
            };
        }
        finally
        {
            output.Complete(null);
        }
    }

    private async Task<BlockEnd> RunCellAsync(CodeBlock block, ProducedFiles? files, OutputCollector output, BlockDisplays displays, CancellationToken kill)
    {
        string? file = null;
        if (environment.RunsPrograms)
        {
            try
            {
                file = await SaveAsync(block, kill).ConfigureAwait(false);
            }
            catch (WorkspaceException e)
            {
                return new BlockEnd(1, TerminationReason.NotStarted, e.IsPathRefused ? "Filename is not in the workspace" : e.Message);
            }
        }

        await (files?.Remembered ?? Task.CompletedTask).ConfigureAwait(false);
        bool wasLost = await environment.PrepareKernelAsync(kill).ConfigureAwait(false);
        if (wasLost)
        {
            output.WriteNotice(KernelLost);
        }

        // What came before is not this block's doing.
        await environment.TakeOutOfMemoryAsync(isExpected: false).ConfigureAwait(false);
        Kernel kernel = environment.Kernel;
        using CancellationTokenSource deadline = new(settings.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, kill);
        Cell cell = kernel.Execute(IsPython ? PipQuieting.Apply(block.Code) : block.Code, displays);
        try
        {
            CellEnd end = await cell.Ended.WaitAsync(either.Token).ConfigureAwait(false);
            return await EndAsync(kernel, cell, end).ConfigureAwait(false) with { CodeFile = file };
        }
        catch (OperationCanceledException)
        {
            bool lives = await kernel.StopAsync(cell).ConfigureAwait(false);
            await environment.ClearAfterKernelAsync().ConfigureAwait(false);
            string seconds = string.Create(CultureInfo.InvariantCulture, $"Timed out after {settings.Timeout.TotalSeconds:0.###} s;");
            return new BlockEnd(
                BlockRunner.TimeoutExitCode,
                TerminationReason.TimedOut,
                lives
                    ? $"{seconds} the code was interrupted. What it and earlier blocks defined is kept."
                    : $"{seconds} the code did not stop when it was interrupted, so its kernel was ended: what it and earlier blocks defined is lost.")
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
                return new BlockEnd(0, TerminationReason.Exited, "The code ended its kernel: what it and earlier blocks defined is lost.") { StateLost = true };
            case CellEndKind.Failed when end.ErrorName == "SystemExit":
                return new BlockEnd(ExitCode(end.ErrorValue), TerminationReason.Exited, null);
            case CellEndKind.Failed:
                return new BlockEnd(1, TerminationReason.Exited, null);
            case CellEndKind.AskedForInput:
                bool lives = await kernel.StopAsync(cell).ConfigureAwait(false);
                return new BlockEnd(1, TerminationReason.Exited, "The code asks for input, and there is nobody to give any: put the values into the code.") { StateLost = !lives };
            case CellEndKind.KernelDied:
                await environment.ClearAfterKernelAsync().ConfigureAwait(false);
                return await environment.TakeOutOfMemoryAsync(isExpected: true).ConfigureAwait(false)
                    ? new BlockEnd(137, TerminationReason.OutOfMemory, "Out of memory: the kernel was ended, and what this and earlier blocks defined is lost.") { StateLost = true }
                    : new BlockEnd(1, TerminationReason.EnvironmentLost, "The kernel died, and what this and earlier blocks defined is lost.") { StateLost = true };
            default:
                bool outOfMemory = await environment.TakeOutOfMemoryAsync(isExpected: true).ConfigureAwait(false);
                (TerminationReason reason, string notice) = environment.ServerLost();
                return new BlockEnd(137, outOfMemory ? TerminationReason.OutOfMemory : reason, notice) { StateLost = true };
        }
    }

    /// <summary>Saves a block that names a file, so that others find it there. One that names none is no file.</summary>
    private async Task<string?> SaveAsync(CodeBlock block, CancellationToken kill)
    {
        CodeFileName file = CodeFileName.Choose(block.Code, settings.Languages.Find(block.Language) ?? CodeLanguage.Python, Guid.Empty);
        if (file.IsTemporary)
        {
            return null;
        }

        using MemoryStream content = new(Encoding.UTF8.GetBytes(block.Code), writable: false);
        await environment.Files.WriteAsync(file.Path, content, kill).ConfigureAwait(false);
        return file.Path;
    }

    /// <summary>Whether a name is the kernel's, its language's, or an alias of that.</summary>
    private bool IsOfKernel(string name) => Known() is { } known && ReferenceEquals(known.All.Find(name), known.OfKernel);

    private string LanguageOf(string name) => Known().All.Find(name)?.Name ?? name;

    /// <summary>The languages, that of the kernel among them, which no program runs. Which that is, is known once the server runs.</summary>
    private KnownLanguages Known()
    {
        CodeLanguage? known = settings.Languages.Find(environment.Language);
        string name = known?.Name ?? (environment.Language.Length > 0 ? environment.Language : jupyter.KernelName).ToLowerInvariant();
        if (_languages is { } languages && languages.OfKernel.Name == name)
        {
            return languages;
        }

        CodeLanguage ofKernel = known ?? new CodeLanguage(name, ".txt", [], []);
        ofKernel = ofKernel with { Programs = [], Aliases = [.. ofKernel.Aliases, jupyter.KernelName] };
        return _languages = new KnownLanguages(settings.Languages.With(ofKernel), ofKernel);
    }

    private string Refusal(string name) => settings.Languages.Find(name) is { } language
        ? $"A {language.Name} block needs a process of its own, and the server at a URL runs none beside its kernel ({environment.Language}). "
            + $"In a Python kernel, a block that begins with %%{language.Name} does the same."
        : $"unknown language {WorkspacePath.Printable(name)}";

    /// <summary>What <c>sys.exit</c> was given, as a process would end with it.</summary>
    private static int ExitCode(string value) =>
        value is "" or "None" ? 0 : int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int code) ? code & 0xFF : 1;

    private sealed record KnownLanguages(LanguageRegistry All, CodeLanguage OfKernel);

    private sealed record BlockEnd(int ExitCode, TerminationReason Reason, string? Notice)
    {
        public bool StateLost { get; init; }

        public string? CodeFile { get; init; }
    }
}
