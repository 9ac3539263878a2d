using Microsoft.Extensions.AI;

namespace Glovebox.Functions;

/// <summary>What is known when a call of a host function is about to be approved or denied.</summary>
/// <param name="Function">The function, an <see cref="ApprovalRequiredAIFunction"/> or one around it.</param>
/// <param name="Arguments">The arguments that guest code gave, each a <see cref="System.Text.Json.JsonElement"/>.</param>
/// <param name="Block">The code block that runs, under its language's canonical name.</param>
/// <param name="BlockIndex">Its place in the list that was given, from 0.</param>
public sealed record FunctionCallContext(AIFunction Function, AIFunctionArguments Arguments, CodeBlock Block, int BlockIndex);
