using System.Management.Automation;
using System.Management.Automation.Runspaces;
using PwshHost;

// Stands in for pwsh in tests, on machines that have none: the same language, of the commands only those of the core and Write-*.
const int Failed = 1;
const int BadUsage = 64;

// PowerShell reads this when it is first used; a test must not call home.
Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");
if (CommandLine.TryParse(args, out string problem) is not { } line)
{
    Console.Error.WriteLine(problem);
    return BadUsage;
}

return Run(line);

// Apart, so that no type of PowerShell is loaded before the variable is set.
static int Run(CommandLine line)
{
    StreamHost host = new();
    using Runspace runspace = RunspaceFactory.CreateRunspace(host, Commands());
    runspace.Open();
    try
    {
        using Pipeline pipeline = runspace.CreatePipeline();
        Command script = ScriptFile.Command(line);

        // Errors go the same way as results, so that both come in the order in which they arose; Out-Default tells them apart.
        script.MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        pipeline.Commands.Add(script);
        pipeline.Commands.Add("Out-Default");
        pipeline.Invoke();
        return host.ExitCode ?? 0;
    }
    catch (RuntimeException e)
    {
        Report(host, runspace, e.ErrorRecord);
        return host.ExitCode ?? Failed;
    }
}

static InitialSessionState Commands()
{
    InitialSessionState state = InitialSessionState.CreateDefault2();
    state.Commands.Add(new SessionStateCmdletEntry("Write-Output", typeof(WriteOutputCommand), null));
    state.Commands.Add(new SessionStateCmdletEntry("Write-Host", typeof(WriteHostCommand), null));
    state.Commands.Add(new SessionStateCmdletEntry("Write-Error", typeof(WriteErrorCommand), null));
    if (OperatingSystem.IsWindows())
    {
        state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.Bypass;
    }

    return state;
}

static void Report(StreamHost host, Runspace runspace, ErrorRecord error)
{
    // What ended the script came out of no error stream, so Out-Default takes it for a result.
    host.PrintsToErrors = true;
    using Pipeline pipeline = runspace.CreatePipeline();
    pipeline.Commands.Add("Out-Default");
    pipeline.Invoke(new[] { error });
}
