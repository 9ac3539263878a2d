using Glovebox;
using Glovebox.Agents;
using Glovebox.Samples;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

// An agent that writes code, sees it fail, mends it, and says what came out.
using IChatClient? model = SampleModel.Create(
    args,
    SampleModel.Says("I count the words:\n\n```python\nprint(len(text.split()))\n```\n"),
    SampleModel.Says("""{"reason": "The variable text was never set. I will set it first.", "retry": true}"""),
    SampleModel.Says(
        "```python\ntext = 'the quick brown fox jumps over the lazy dog'\nprint(len(text.split()), len(set(text.split())))\n```\n"),
    SampleModel.Says("The sentence has 9 words, 8 of them different."));
if (model is null)
{
    Console.Error.WriteLine(SampleModel.Usage);
    return 2;
}

await using var agent = new Glovebox.Agents.CodeExecutorAgent(model, new CodeExecutorAgentOptions { MaxRetriesOnError = 2 });

const string task = "How many words, and how many different ones, has 'the quick brown fox jumps over the lazy dog'?";
Console.WriteLine($"> {task}");
string? message = null;
await foreach (AgentResponseUpdate update in agent.RunStreamingAsync(task))
{
    if (update.MessageId != message)
    {
        message = update.MessageId;
        Console.WriteLine();
    }

    Console.Write(update.Text);
    if (update.RawRepresentation is OutputReceivedUpdate output)
    {
        Console.Write(output.Text);
    }

    foreach (CodeInterpreterToolResultContent result in update.Contents.OfType<CodeInterpreterToolResultContent>())
    {
        Console.WriteLine($"--- exit code {result.AdditionalProperties!["exitCode"]}");
    }
}

Console.WriteLine();
return 0;
