namespace Glovebox.Sandboxes;

/// <summary>A program to start in a sandbox, and what belongs to its run. What costs one exchange with the guest agent is one
/// request.</summary>
/// <param name="programs">Names of the program, in order of preference; the first that exists on the guest's PATH is taken.</param>
/// <param name="arguments">Its arguments.</param>
public sealed class ProcessRequest(IReadOnlyList<string> programs, IReadOnlyList<string> arguments)
{
    /// <summary>Gets the names of the program, in order of preference.</summary>
    public IReadOnlyList<string> Programs => programs;

    /// <summary>Gets its arguments.</summary>
    public IReadOnlyList<string> Arguments => arguments;

    /// <summary>The largest <see cref="OutputBacklog"/>, in bytes: 16 MiB.</summary>
    public const int MaxOutputBacklog = 16 << 20;

    /// <summary>Gets what the program reads from its standard input, at most <see cref="CodeExecutionOptions.MaxStandardInput"/> bytes. The
    /// default is empty.</summary>
    public ReadOnlyMemory<byte> StandardInput { get; init; }

    /// <summary>Gets whether the standard input stays open for <see cref="ISandboxProcess.WriteAsync"/>, until
    /// <see cref="ISandboxProcess.CloseInputAsync"/>. It begins empty: there is no <see cref="StandardInput"/> beside it. The default is
    /// false.</summary>
    public bool KeepsInputOpen { get; init; }

    /// <summary>Gets the size of the terminal that the program has for its standard input, output and error. Its input is open, its
    /// output comes as standard output, and it has the variable <c>TERM</c>, <c>xterm-256color</c> unless <see cref="Variables"/> say
    /// otherwise. The terminal shows what is typed, as any does at first. Null, the default: the program has no terminal.</summary>
    public TerminalSize? Terminal { get; init; }

    /// <summary>Gets the directory in which the program starts: relative to the work directory, or an absolute path of the guest's. Where
    /// it cannot be entered, the program ends with exit code 126 and says why on standard error. Null, the default: the work
    /// directory.</summary>
    public string? Directory { get; init; }

    /// <summary>Gets how many of the bytes that the process printed last are kept for listeners that come late
    /// (<see cref="ISandboxProcess.ReadOutputAsync"/>): 0 to <see cref="MaxOutputBacklog"/>. The default is 65,536. With 0 there can be no
    /// listeners; <see cref="Output"/> gets everything all the same.</summary>
    public int OutputBacklog { get; init; } = 64 << 10;

    /// <summary>Gets environment variables beyond those of the sandbox. The default is empty.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Gets what receives the output. Null, the default: the output is dropped.</summary>
    public IOutputSink? Output { get; init; }

    /// <summary>Gets the Python script, relative to the work directory, when the program is Python running a script without options, so
    /// that a fork server may run it. Null, the default: the program is started as it is.</summary>
    public string? PythonScript { get; init; }

    /// <summary>Gets whether this is a server that other programs use: killing one of them leaves it, and what it started, alive. Its own
    /// kill ends every process but other services and processes in the background. The default is false.</summary>
    public bool IsService { get; init; }

    /// <summary>Gets whether the process goes on beside others: the end, the time-out and the kill of another one leaves it, and what it
    /// started, alive, its daemons too, for as long as it runs itself. Its own kill ends these alone. The default is false.</summary>
    public bool IsBackground { get; init; }

    /// <summary>Gets a file to save before the program starts. The default is null.</summary>
    public ProcessFile? File { get; init; }

    /// <summary>Gets what must be over before the program starts: a listing of the work directory, say. A sandbox that does all that it is
    /// asked in the order in which it is asked need not wait for it. The default is a completed task.</summary>
    public Task After { get; init; } = Task.CompletedTask;

    /// <summary>Whether <see cref="ProcessExit.ListFiles"/> is wanted from a sandbox in which that takes no exchange of its own.</summary>
    internal bool ListsFiles { get; init; }

    /// <summary>Whether it is a part of the sandbox, and not listed among its processes.</summary>
    internal bool IsHidden { get; init; }

    /// <summary>Whether its standard input is written while it runs.</summary>
    internal bool HasOpenInput => KeepsInputOpen || Terminal is not null;

    /// <summary>The environment variables, with what a terminal brings along.</summary>
    internal IEnumerable<KeyValuePair<string, string>> AllVariables => Terminal is null || Variables.ContainsKey("TERM")
        ? Variables
        : Variables.Append(new("TERM", "xterm-256color"));

    /// <exception cref="ArgumentException">A value is one that no program can have, or two of them exclude each other.</exception>
    internal void Validate()
    {
        if (programs.Count == 0 || programs.Any(p => string.IsNullOrEmpty(p) || p.Contains('\0')))
        {
            throw new ArgumentException("A process needs the name of a program, without NUL.");
        }

        if (arguments.Any(a => a is null || a.Contains('\0')))
        {
            throw new ArgumentException("An argument of a process is null or holds a NUL.");
        }

        if (Directory is { } directory && (directory.Length == 0 || directory.Contains('\0')))
        {
            throw new ArgumentException("The directory of a process is empty or holds a NUL.");
        }

        if (Variables.Count > 0)
        {
            _ = GuestVariables.Copy(Variables);
        }

        if (OutputBacklog is < 0 or > MaxOutputBacklog)
        {
            throw new ArgumentException($"The backlog of output is 0 to {MaxOutputBacklog} bytes, not {OutputBacklog}.");
        }

        if (HasOpenInput && !StandardInput.IsEmpty)
        {
            throw new ArgumentException("Standard input that stays open begins empty: write to it.");
        }

        if (IsService && IsBackground)
        {
            throw new ArgumentException("A process is a service or in the background, not both.");
        }
    }

    /// <summary>Does what comes before the program, where that takes steps of its own: waits for <see cref="After"/>, which may fail
    /// (that is its owner's to hear), and saves <see cref="File"/>.</summary>
    internal async Task PrepareAsync(IWorkspace files, CancellationToken cancellationToken)
    {
        if (!After.IsCompleted)
        {
            await After.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (File is { } file)
        {
            using MemoryStream content = new(file.Content.ToArray(), writable: false);
            await files.WriteAsync(file.Path, content, cancellationToken).ConfigureAwait(false);
        }
    }
}

/// <summary>A file to save in the work directory.</summary>
/// <param name="path">Relative to the work directory.</param>
/// <param name="content">Its bytes.</param>
public sealed class ProcessFile(string path, ReadOnlyMemory<byte> content)
{
    /// <summary>Gets the path, relative to the work directory, as <see cref="WorkspaceFile.Path"/> has it.</summary>
    public string Path => path;

    /// <summary>Gets the bytes.</summary>
    public ReadOnlyMemory<byte> Content => content;
}

/// <summary>Receives what a program prints, as it prints it.</summary>
public interface IOutputSink
{
    /// <summary>Takes a piece of output. Must not block; may be called from several threads, one piece at a time for each stream.</summary>
    /// <param name="stream">Where it was printed.</param>
    /// <param name="data">The bytes, valid only during the call.</param>
    void Write(OutputStream stream, ReadOnlySpan<byte> data);
}
