using System.Globalization;
using Glovebox;
using Glovebox.Tests.Security.Harness;

// A program over the library that tests start as a process of its own: to kill it, or to run it as another user.
//     HostProgram WORK-DIRECTORY|- LANGUAGE CODE [MEMORY]
// It prints the controls of the sandbox, a line each, then what the code prints. GLOVEBOX_TEST_PATH is the guest's PATH.
//     HostProgram --attacked OPTIONS
// It answers requests on standard input until that ends (see AttackedProgram).
if (args[0] == "--attacked")
{
    return await AttackedProgram.RunAsync(args[1]);
}

BubblewrapCommandLineCodeExecutorOptions options = new() { WorkDir = args[0] == "-" ? null : args[0], Timeout = Timeout.InfiniteTimeSpan };
if (Environment.GetEnvironmentVariable("GLOVEBOX_TEST_PATH") is { } path)
{
    options.Environment["PATH"] = path;
}

if (args.Length > 3)
{
    options.Policy = new ExecutionPolicy { Memory = long.Parse(args[3], CultureInfo.InvariantCulture) };
}

try
{
    await using BubblewrapCommandLineCodeExecutor executor = new(options);
    await executor.StartAsync();
    SandboxCapabilities capabilities = (SandboxCapabilities)executor.GetService(typeof(SandboxCapabilities))!;
    foreach (ControlCapability control in capabilities.Controls)
    {
        Console.WriteLine($"{control.Name}: {control.Level}: {control.Mechanism}");
    }

    int exitCode = 0;
    await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync([new CodeBlock(args[1], args[2])]))
    {
        switch (update)
        {
            case OutputReceivedUpdate output:
                Console.Write(output.Text);
                break;
            case BlockCompletedUpdate completed:
                exitCode = completed.Result.ExitCode;
                break;
        }
    }

    return exitCode;
}
catch (CodeExecutionException e)
{
    Console.WriteLine($"{e.Code}: {e.Message}");
    return 125;
}
