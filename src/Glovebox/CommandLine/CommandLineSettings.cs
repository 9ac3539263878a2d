using Glovebox.Environments;
using Glovebox.Functions;
using Glovebox.Functions.Calls;
using Glovebox.Functions.Setup;
using Microsoft.Extensions.Logging;

namespace Glovebox;

/// <summary>The options of a command-line executor as they were when it was made.</summary>
internal sealed class CommandLineSettings
{
    private readonly HostFunctionLimits _limits;
    private readonly Func<FunctionCallContext, CancellationToken, ValueTask<ApprovalDecision>>? _approve;
    private readonly TimeSpan _setupTimeout;
    private readonly Dictionary<string, string> _setupVariables = new(StringComparer.Ordinal);

    public CommandLineSettings(CommandLineCodeExecutorOptions options, long maxOutput, bool deleteTempFiles)
    {
        Timeout = options.Timeout;
        Languages = new LanguageRegistry(options.Languages);
        MaxOutput = maxOutput;
        DeleteTempFiles = deleteTempFiles;
        Functions = new FunctionSet(options.FunctionsModule, options.Functions);
        _limits = options.FunctionLimits;
        _approve = options.FunctionApproval;
        _setupTimeout = options.SetupTimeout;
        GuestVariables.CopyTo(options.SetupEnvironment, _setupVariables);
    }

    public TimeSpan Timeout { get; }

    public LanguageRegistry Languages { get; }

    public long MaxOutput { get; }

    public bool DeleteTempFiles { get; }

    /// <summary>Whether the work directory is looked at after each block; false where that would take a request for every folder.</summary>
    public bool TracksFiles { get; init; } = true;

    public FunctionSet Functions { get; }

    /// <summary>What an environment needs to know to offer the functions; null when there are none.</summary>
    public OfferedFunctions? Offer(ILogger logger, TimeProvider timeProvider) => Functions.IsEmpty
        ? null
        : new OfferedFunctions(
            Functions,
            new HostFunctionServer(Functions.HostFunctions, _limits, new HostFunctionInvoker(_approve, logger, timeProvider), timeProvider),
            _setupTimeout,
            _setupVariables,
            timeProvider);
}
