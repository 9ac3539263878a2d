// An analysis in three turns: each of a model's replies runs in the same kernel, which remembers what the earlier ones defined.
using Glovebox;
using Glovebox.Jupyter;

string turns = Path.Combine(AppContext.BaseDirectory, "turns");
await using var executor = new JupyterCodeExecutor(new() { WorkDir = args.Length > 0 ? args[0] : null });
await executor.StartAsync();
await using (FileStream data = File.OpenRead(Path.Combine(turns, "harvest.csv")))
{
    await executor.Workspace.WriteAsync("harvest.csv", data);
}

foreach (string reply in Directory.EnumerateFiles(turns, "*.md").Order(StringComparer.Ordinal))
{
    Console.WriteLine($"== {Path.GetFileNameWithoutExtension(reply)}");
    CodeResult result = await executor.ExecuteCodeBlocksAsync(MarkdownCodeBlocks.Extract(await File.ReadAllTextAsync(reply)));
    Console.Write(result.Output);
    foreach (DisplayOutput display in result.Blocks.SelectMany(b => b.Displays))
    {
        Console.WriteLine($"-> {string.Join(", ", display.Data.Keys)} {string.Join(", ", display.Files.Values)}");
    }

    if (result.ExitCode != 0)
    {
        return result.ExitCode;
    }
}

return 0;
