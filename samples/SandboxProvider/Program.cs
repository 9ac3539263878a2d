using Glovebox;
using Glovebox.Samples;

// A provider of one's own, and the executor that the library has: dotnet run --project samples/SandboxProvider [IMAGE]
CommandLineCodeExecutorOptions options = new() { Policy = new() { Network = NetworkAccess.None } };
await using CommandLineCodeExecutor executor = new(new DockerCommandProvider(args.FirstOrDefault() ?? "python:3-slim"), options);
await executor.StartAsync();
CodeResult result = await executor.ExecuteCodeBlocksAsync(
[
    new CodeBlock("python", "open('answer.txt', 'w').write('42')\nprint('written')"),
    new CodeBlock("bash", "cat answer.txt; echo; id -u; ls /sys/class/net"),
]);
Console.Write(result.Output);
return result.ExitCode;
