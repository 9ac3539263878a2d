using System.Text;
using Glovebox.Agents;
using Glovebox.Middleware;
using Glovebox.Samples;
using Microsoft.Extensions.AI;

// A code interpreter for any chat client: the request asks for the hosted tool, and a sandbox on this machine serves it.
IChatClient? model = SampleModel.Create(
    args,
    SampleModel.Calls("code_interpreter", "import statistics\nprint(statistics.stdev([2, 4, 4, 4, 5, 5, 7, 9]))"),
    SampleModel.Says("The standard deviation is about 2.14."));
if (model is null)
{
    Console.Error.WriteLine(SampleModel.Usage);
    return 2;
}

using IChatClient client = model.AsBuilder()
    .UseCodeInterpreter()
    .Build();

const string question = "What is the standard deviation of 2, 4, 4, 4, 5, 5, 7, 9? Compute it.";
Console.WriteLine($"> {question}");
ChatOptions options = new() { Tools = [new HostedCodeInterpreterTool()] };
await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(question, options))
{
    foreach (AIContent content in update.Contents)
    {
        switch (content)
        {
            case TextContent text:
                Console.Write(text.Text);
                break;
            case CodeInterpreterToolCallContent { Inputs: [DataContent code, ..] }:
                Console.WriteLine($"\n--- runs:\n{Encoding.UTF8.GetString(code.Data.Span)}");
                break;
            case CodeInterpreterToolResultContent { Outputs: { } outputs }:
                Console.WriteLine($"--- gets:\n{string.Concat(outputs.OfType<TextContent>())}");
                break;
        }
    }
}

Console.WriteLine();
return 0;
