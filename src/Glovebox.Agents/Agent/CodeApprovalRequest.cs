using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>What is known when an agent is about to run code.</summary>
/// <param name="Blocks">What would run, in order.</param>
/// <param name="Messages">The conversation up to this code, the message that holds it included.</param>
public sealed record CodeApprovalRequest(IReadOnlyList<CodeBlock> Blocks, IReadOnlyList<ChatMessage> Messages);
