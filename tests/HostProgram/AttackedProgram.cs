using System.Text.Json;

namespace Glovebox.Tests.Security.Harness;

/// <summary>A bubblewrap sandbox at the end of a pipe: requests come on standard input, a line each, and answers go to standard
/// output.</summary>
internal static class AttackedProgram
{
    public static async Task<int> RunAsync(string options)
    {
        BubblewrapCommandLineCodeExecutor executor = new(JsonSerializer.Deserialize<AttackedOptions>(options)!.ToBubblewrap());
        await using AttackedSandbox sandbox = new(executor);
        try
        {
            await executor.StartAsync();
        }
        catch (CodeExecutionException e)
        {
            Console.WriteLine(e.Message);
            return 125;
        }

        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            Console.WriteLine(JsonSerializer.Serialize(await sandbox.AskAsync(JsonSerializer.Deserialize<AttackedRequest>(line)!, CancellationToken.None)));
        }

        return 0;
    }
}
