using System.Net;
using System.Net.Sockets;
using Glovebox.Functions.Calls;
using Glovebox.Functions.Python;
using Microsoft.Extensions.Logging;

namespace Glovebox.Functions.Setup;

/// <summary>The functions that an executor offers to guest code.</summary>
/// <param name="Set">The functions.</param>
/// <param name="Server">Runs those of the host.</param>
/// <param name="SetupTimeout">How long the installation of packages may take, and the check of the module.</param>
/// <param name="SetupVariables">Environment variables of the installation.</param>
/// <param name="TimeProvider">Measures time.</param>
internal sealed record OfferedFunctions(
    FunctionSet Set,
    HostFunctionServer Server,
    TimeSpan SetupTimeout,
    IReadOnlyDictionary<string, string> SetupVariables,
    TimeProvider TimeProvider)
{
    /// <summary>The folder of modules, below the folder that a sandbox gives to the functions.</summary>
    public const string LibraryFolder = "lib";

    /// <summary>The folder of programs.</summary>
    public const string ProgramFolder = "bin";

    /// <summary>The folder of packages.</summary>
    public const string PackageFolder = "packages";

    /// <summary>Gets what is to be offered; null when there are neither functions nor packages.</summary>
    public static OfferedFunctions? Of(FunctionSet set, CommandLineCodeExecutorOptions options, ILogger logger, TimeProvider timeProvider)
    {
        Dictionary<string, string> variables = GuestVariables.Copy(options.SetupEnvironment);
        return set.IsEmpty && set.Packages.Count == 0 ? null : new OfferedFunctions(
            set,
            new HostFunctionServer(
                set.HostFunctions,
                options.FunctionLimits,
                new HostFunctionInvoker(options.FunctionApproval, logger, timeProvider),
                timeProvider),
            options.SetupTimeout,
            variables,
            timeProvider);
    }

    /// <summary>Whether there are functions of the host.</summary>
    public bool HasCalls => Set.HostFunctions.Count > 0;

    /// <summary>Listens for calls, if there is anything to call, and serves them for as long as the sandbox is there.</summary>
    /// <param name="socket">The path of the socket, as guest code sees it.</param>
    /// <param name="listen">Listens there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ListenAsync(
        string socket, Func<EndPoint, CancellationToken, Task<ISandboxListener>> listen, CancellationToken cancellationToken)
    {
        if (HasCalls)
        {
            _ = Server.ServeAsync(await listen(new UnixDomainSocketEndPoint(socket), cancellationToken).ConfigureAwait(false));
        }
    }

    /// <summary>The files that guest code imports and runs, relative to the functions' folder. Guest code must not be able to change
    /// them.</summary>
    /// <param name="socket">The path of the socket for calls, as guest code sees it.</param>
    public IEnumerable<FunctionFile> Files(string socket)
    {
        if (Set.IsEmpty)
        {
            yield break;
        }

        yield return new($"{LibraryFolder}/{Set.Module}.py", Set.ModuleSource());
        yield return new(
            $"{LibraryFolder}/_glovebox.py",
            FunctionSetup.GuestText("_glovebox.py")
                .Replace("'@SOCKET@'", PythonText.Literal(socket), StringComparison.Ordinal)
                .Replace("0  # @MAX_ARGUMENT_SIZE@", PythonText.Number(Server.Limits.MaxArgumentSize), StringComparison.Ordinal));
        if (HasCalls)
        {
            yield return new($"{LibraryFolder}/_glovebox_functions.py", Set.StubSource());
            yield return new($"{ProgramFolder}/glovebox-call", FunctionSetup.GuestText("glovebox-call"), IsProgram: true);
        }
    }
}

/// <summary>A file that Glovebox gives to guest code.</summary>
/// <param name="Path">Relative to the functions' folder.</param>
/// <param name="Text">What it holds.</param>
/// <param name="IsProgram">Whether it can be executed.</param>
internal sealed record FunctionFile(string Path, string Text, bool IsProgram = false);
