using Glovebox;

await using var executor = new BubblewrapCommandLineCodeExecutor();
await executor.StartAsync();

CodeResult result = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "print('Hello from the glovebox!')")]);

Console.Write(result.Output);
return result.ExitCode;
