using Glovebox.Environments;
using Glovebox.Functions.Calls;
using Glovebox.Functions.Python;

namespace Glovebox.Functions.Setup;

/// <summary>What an executor asks of its environment so that guest code can use functions.</summary>
/// <param name="Set">The functions.</param>
/// <param name="Server">Runs those of the host.</param>
/// <param name="SetupTimeout">How long the installation of packages may take, and the check of the module.</param>
/// <param name="SetupVariables">Environment variables of the installation.</param>
/// <param name="TimeProvider">Measures time.</param>
internal sealed record OfferedFunctions(
    FunctionSet Set, HostFunctionServer Server, TimeSpan SetupTimeout, IReadOnlyDictionary<string, string> SetupVariables, TimeProvider TimeProvider)
{
    /// <summary>The folder of modules, below the folder that an environment gives to the functions.</summary>
    public const string LibraryFolder = "lib";

    /// <summary>The folder of programs.</summary>
    public const string ProgramFolder = "bin";

    /// <summary>The folder of packages.</summary>
    public const string PackageFolder = "packages";

    /// <summary>Whether there are functions of the host.</summary>
    public bool HasCalls => Set.HostFunctions.Count > 0;

    /// <summary>The files that guest code imports and runs, relative to the functions' folder. Guest code must not be able to change them.</summary>
    /// <param name="socket">The path of the socket for calls, as guest code sees it.</param>
    public IEnumerable<FunctionFile> Files(string socket)
    {
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

/// <summary>A file of ours for guest code.</summary>
/// <param name="Path">Relative to the functions' folder.</param>
/// <param name="Text">What it holds.</param>
/// <param name="IsProgram">Whether it can be executed.</param>
internal sealed record FunctionFile(string Path, string Text, bool IsProgram = false);

/// <summary>An environment in which functions can be offered to guest code.</summary>
internal interface IFunctionEnvironment : IExecutionEnvironment
{
    /// <summary>Says which functions. Called once, before the first start; each start then makes them ready, with their packages
    /// installed, and fails with a <see cref="FunctionSetupException"/> when that cannot be.</summary>
    void Offer(OfferedFunctions functions);
}
