// An analysis in three turns, without Jupyter: each of a model's replies runs in the same interpreter, which remembers what the
// earlier ones defined. A mistake in between, one that ends the interpreter, costs nothing.
using Glovebox;

string turns = Path.Combine(AppContext.BaseDirectory, "turns");
await using var executor = new InterpreterCodeExecutor(new() { WorkDir = args.Length > 0 ? args[0] : null });
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

    CodeResult mistake = await executor.ExecuteCodeBlocksAsync([new CodeBlock("python", "rows = None\nimport os; os._exit(1)")]);
    Console.WriteLine($"(a mistake: {mistake.Blocks[0].UndoneBlocks} block undone)");
}

return 0;
