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

    /// <summary>Gets what the program reads from its standard input, at most <see cref="CodeExecutionOptions.MaxStandardInput"/> bytes. The
    /// default is empty.</summary>
    public ReadOnlyMemory<byte> StandardInput { get; init; }

    /// <summary>Gets environment variables beyond those of the sandbox. The default is empty.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Gets what receives the output. Null, the default: the output is dropped.</summary>
    public IOutputSink? Output { get; init; }

    /// <summary>Gets the Python script, relative to the work directory, when the program is Python running a script without options, so
    /// that a fork server may run it. Null, the default: the program is started as it is.</summary>
    public string? PythonScript { get; init; }

    /// <summary>Gets whether this is a server that other programs use: killing one of them leaves it, and what it started, alive. The
    /// default is false.</summary>
    public bool IsService { get; init; }

    /// <summary>Gets a file to save before the program starts. The default is null.</summary>
    public ProcessFile? File { get; init; }

    /// <summary>Gets what must be over before the program starts: a listing of the work directory, say. A sandbox that does all that it is
    /// asked in the order in which it is asked need not wait for it. The default is a completed task.</summary>
    public Task After { get; init; } = Task.CompletedTask;

    /// <summary>Whether <see cref="ProcessExit.ListFiles"/> is wanted from a sandbox in which that takes no exchange of its own.</summary>
    internal bool ListsFiles { get; init; }

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
