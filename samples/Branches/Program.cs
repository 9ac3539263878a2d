// A block has failed, and a model proposes three repairs. Each is tried in a branch of its own, at the same time, from the same state;
// the conversation goes on with the one that works.
using Glovebox;
using Glovebox.Interpreters;

await using var executor = new InterpreterCodeExecutor();
CodeContext context = await executor.CreateContextAsync();
await RunAsync(context, "prices = ['3.50', '1,200', 'n/a', '7']\nprint(len(prices), 'prices')");
(_, string failure) = await RunAsync(context, "total = sum(float(p) for p in prices)");
Console.WriteLine($"It fails: {failure.TrimEnd().Split('\n')[^1]}");

string[] repairs =
[
    "total = sum(float(p.replace(',', '')) for p in prices)",
    "while True:\n    try:\n        total = sum(float(p) for p in prices)\n        break\n    except ValueError:\n        pass",
    "numbers = [p.replace(',', '') for p in prices]\ntotal = sum(float(n) for n in numbers if n.replace('.', '').isdigit())",
];
CodeContext[] branches = await Task.WhenAll(repairs.Select(_ => context.BranchAsync()));
(int ExitCode, string Output)[] outcomes = await Task.WhenAll(branches.Zip(repairs, (b, r) => RunAsync(b, r)));
for (int i = 0; i < outcomes.Length; i++)
{
    Console.WriteLine($"Repair {i + 1}: {(outcomes[i].ExitCode == 0 ? "works" : outcomes[i].Output.TrimEnd().Split('\n')[^1])}");
}

CodeContext kept = branches[Array.FindIndex(outcomes, o => o.ExitCode == 0)];
Console.Write((await RunAsync(kept, "print('In all', total)")).Output);

async Task<(int ExitCode, string Output)> RunAsync(CodeContext where, string code)
{
    CodeResult result = await executor.ExecuteCodeBlocksAsync(
        [new CodeBlock("python", code)], new CodeExecutionOptions { Context = where.Name, Timeout = TimeSpan.FromSeconds(2) });
    return (result.ExitCode, result.Output);
}
