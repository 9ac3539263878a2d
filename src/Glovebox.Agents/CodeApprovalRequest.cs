using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>The code that an agent is about to run, and its conversation.</summary>
/// <param name="Blocks">The code that would run, in order, each block under its language's canonical name: <c>python</c>, however the model
/// spelled it.</param>
/// <param name="Messages">The conversation up to this code, the message that holds it included.</param>
public sealed record CodeApprovalRequest(IReadOnlyList<CodeBlock> Blocks, IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>Gets, for each block, the names of the program that would run it, in order of preference; empty where a living interpreter
    /// runs it.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Programs { get; init; } = [];
}
