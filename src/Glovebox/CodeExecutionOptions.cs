namespace Glovebox;

/// <summary>Options of one execution, beyond those of the executor. An execution copies them when it begins.</summary>
public sealed class CodeExecutionOptions
{
    /// <summary>The most bytes of <see cref="StandardInput"/>: 512 KiB.</summary>
    public const int MaxStandardInput = 512 << 10;

    /// <summary>How long each block may run. Null, the default: as long as the executor allows.
    /// <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> sets no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan? Timeout
    {
        get;
        set => field = value is null ? null : CommandLineCodeExecutorOptions.CheckTimeout(value.Value, nameof(Timeout));
    }

    /// <summary>What each block reads from its standard input, from the beginning. Default: empty. Larger data belongs into a file of the
    /// <see cref="ICodeExecutor.Workspace"/>.</summary>
    /// <exception cref="ArgumentException">More than <see cref="MaxStandardInput"/> bytes.</exception>
    public ReadOnlyMemory<byte> StandardInput
    {
        get;
        set => field = value.Length <= MaxStandardInput
            ? value
            : throw new ArgumentException(
                $"StandardInput has {value.Length} bytes, and {MaxStandardInput} is the most. Write a file into the workspace instead.",
                nameof(StandardInput));
    }

    /// <summary>Arguments of each block's program, after the code file: <c>sys.argv[1:]</c> in Python, <c>$1</c> in a shell. Default:
    /// none.</summary>
    /// <exception cref="ArgumentException">One is null, or holds a NUL.</exception>
    public IReadOnlyList<string> Arguments
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Arguments));
            field = value.Any(a => a is null || a.Contains('\0'))
                ? throw new ArgumentException("Arguments must not hold a null or a NUL.", nameof(Arguments))
                : [.. value];
        }
    } = [];

    /// <summary>Environment variables of the programs, beyond those of the executor; one that is named here wins. Default: none.</summary>
    /// <exception cref="ArgumentException">A name is empty or holds <c>=</c> or NUL, or a value is null or holds NUL.</exception>
    public IReadOnlyDictionary<string, string> Environment
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Environment));
            field = GuestVariables.Copy(value);
        }
    } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The name of the context that the blocks go to (<see cref="InterpreterCodeExecutor.CreateContextAsync"/>). Null, the
    /// default: the one that all blocks of the language share which name none. Only executors with contexts take a name.</summary>
    public string? Context { get; set; }

    /// <summary>Whether those who approved the code approved with it its calls of host functions that need approval. An executor with a
    /// <see cref="CommandLineCodeExecutorOptions.FunctionApproval"/> asks that all the same.</summary>
    internal bool ApprovesFunctionCalls { get; set; }

    /// <summary>The options of executions that have none.</summary>
    internal static CodeExecutionOptions Default { get; } = new();

    /// <summary>Whether a program is needed to honour them: a cell of a kernel has neither arguments nor variables of its own.</summary>
    internal bool NeedProcess => StandardInput.Length > 0 || Arguments.Count > 0 || Environment.Count > 0;

    /// <summary>The error of executors that have no contexts.</summary>
    internal static CodeExecutionException NoContexts() => new(
        "no-contexts", "This executor has no contexts.", "Use an InterpreterCodeExecutor, or leave Context out.");

    internal CodeExecutionOptions Copy() => (CodeExecutionOptions)MemberwiseClone();
}
