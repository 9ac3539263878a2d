using Microsoft.Extensions.AI;

namespace Glovebox.Functions;

/// <summary>A call of a host function that is to be approved or denied.</summary>
public sealed class FunctionCallContext
{
    internal FunctionCallContext(AIFunction function, AIFunctionArguments arguments, CodeBlock block, int blockIndex)
    {
        Function = function;
        Arguments = arguments;
        Block = block;
        BlockIndex = blockIndex;
    }

    /// <summary>Gets the function, an <see cref="ApprovalRequiredAIFunction"/> or one around it.</summary>
    public AIFunction Function { get; }

    /// <summary>Gets the arguments that guest code gave, each a <see cref="System.Text.Json.JsonElement"/>.</summary>
    public AIFunctionArguments Arguments { get; }

    /// <summary>Gets the code block that runs, under its language's canonical name.</summary>
    public CodeBlock Block { get; }

    /// <summary>Gets the block's place in the list that was given, from 0.</summary>
    public int BlockIndex { get; }
}
