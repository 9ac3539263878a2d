using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Glovebox.Server.Functions;

/// <summary>A function of the client, offered to the code of its session.</summary>
internal sealed class ClientFunction(string name, string description, JsonElement parameters, PendingCalls calls) : AIFunction
{
    public override string Name => name;

    public override string Description => description;

    public override JsonElement JsonSchema => parameters;

    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        JsonObject given = [];
        foreach ((string argument, object? value) in arguments)
        {
            // They come from guest code as JSON.
            given[argument] = value switch
            {
                JsonElement element => JsonNode.Parse(element.GetRawText()),
                JsonNode node => node.DeepClone(),
                null => null,
                _ => throw new InvalidOperationException($"The argument {argument} is no JSON."),
            };
        }

        return await calls.CallAsync(name, given, cancellationToken).ConfigureAwait(false);
    }
}
