using System.Text.Json.Serialization;

namespace Glovebox.Tests.Security.Harness;

/// <summary>Something to which attacks are put.</summary>
internal interface IAttacked : IAsyncDisposable
{
    Task<AttackedAnswer> AskAsync(AttackedRequest request, CancellationToken cancellationToken);
}

internal enum AttackedAction
{
    /// <summary>Runs a program in Python.</summary>
    Run,

    /// <summary>Reads a file of the work directory, by the host.</summary>
    Read,

    /// <summary>Lists the work directory, by the host.</summary>
    List,
}

/// <summary>What is asked of a sandbox.</summary>
/// <param name="Action">What to do.</param>
/// <param name="Text">The program, or the path.</param>
internal sealed record AttackedRequest(AttackedAction Action, string Text = "")
{
    /// <summary>What the program prints when it is ready. Null: it ends by itself.</summary>
    public string? Until { get; init; }

    /// <summary>Whether the program is cancelled once it is ready.</summary>
    public bool Ends { get; init; } = true;

    /// <summary>A file that the host reads while the program runs.</summary>
    public string? Path { get; init; }

    /// <summary>How many times.</summary>
    public int Reads { get; init; }

    /// <summary>What it must not read.</summary>
    public string? Sought { get; init; }
}

/// <summary>What came of it.</summary>
internal sealed record AttackedAnswer
{
    /// <summary>What the program printed, or what the host read.</summary>
    public string Output { get; init; } = "";

    public string Errors { get; init; } = "";

    public int ExitCode { get; init; }

    /// <summary>A <see cref="TerminationReason"/>, or Cancelled.</summary>
    public string Termination { get; init; } = "";

    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The exception of the host, or null.</summary>
    public string? Error { get; init; }
}

/// <summary>How a sandbox is started.</summary>
internal sealed record AttackedOptions
{
    public string? WorkDirectory { get; init; }

    public long? Memory { get; init; }

    public int? MaxProcesses { get; init; }

    public long? MaxOutput { get; init; }

    public double TimeoutSeconds { get; init; } = 120;

    /// <summary>Calls of functions at once. Null: no functions are offered.</summary>
    public int? MaxCalls { get; init; }

    [JsonIgnore]
    public ExecutionPolicy Policy => new() { Memory = Memory, MaxProcesses = MaxProcesses, MaxOutput = MaxOutput };

    public BubblewrapCommandLineCodeExecutorOptions ToBubblewrap()
    {
        BubblewrapCommandLineCodeExecutorOptions options = new() { WorkDir = WorkDirectory, Timeout = TimeSpan.FromSeconds(TimeoutSeconds), Policy = Policy, DeleteTempFiles = true };
        AttackedSandbox.AddFunctions(options, this);
        return options;
    }
}
