using System.ComponentModel;
using Glovebox;
using Glovebox.Functions;
using Microsoft.Extensions.AI;

// What a model replied to: "Which of our customers are behind with more than 1,000 euros, and with how much in all?"
const string Reply =
    """
    I look at every customer and add up:

    ```python
    from functions import get_customer

    customers = [get_customer(number) for number in range(1, 1001)]
    late = [c for c in customers if c['balance'] < -1000]
    total = sum(c['balance'] for c in late)
    print(f'{len(late)} of {len(customers)} customers are behind, with {-total:,.2f} EUR in all.')
    print('The worst:', min(late, key=lambda c: c['balance'])['name'])
    ```
    """;

int calls = 0;

await using var executor = new BubblewrapCommandLineCodeExecutor(new BubblewrapCommandLineCodeExecutorOptions
{
    Functions = { AIFunctionFactory.Create(GetCustomer, "get_customer") },
});
await executor.StartAsync();

Console.WriteLine("The model is told:\n");
Console.WriteLine(executor.FormatFunctionsForPrompt());

CodeResult result = await executor.ExecuteCodeBlocksAsync(MarkdownCodeBlocks.Extract(Reply));

Console.WriteLine($"{calls} calls of a C# method later, the model reads:\n");
Console.Write(result.FormatForModel());
return result.ExitCode;

// Any method will do: one that asks a database, say. The sandbox has no network for it and no password.
[Description("Gets a customer of ours.")]
Customer GetCustomer([Description("From 1 to 1000.")] int number)
{
    calls++;
    if (number is < 1 or > 1000)
    {
        throw new HostFunctionException($"There is no customer {number}.");
    }

    return new Customer($"Customer {number}", Math.Round((number * 7919 % 10007) - 4000m + (number / 100m), 2));
}

internal sealed record Customer(string Name, decimal Balance);
