using System.Text;
using Microsoft.Extensions.AI;

namespace Glovebox.Functions.Calls;

/// <summary>A call of a function that there is.</summary>
/// <param name="function">The function.</param>
/// <param name="scope">The block that runs.</param>
/// <param name="argumentText">The beginning of the arguments, for observers.</param>
internal sealed class HostFunctionCall(AIFunction function, CallScope scope, string argumentText)
{
    public AIFunction Function => function;

    public CallScope Scope => scope;

    public string ArgumentText => argumentText;

    public AIFunctionArguments Arguments { get; } = [];

    /// <summary>Why it is not to reach the function, or null.</summary>
    public CallFailure? Refusal { get; set; }

    /// <summary>The first bytes of arguments as text.</summary>
    public static string Beginning(ReadOnlySpan<byte> json)
    {
        bool isCut = json.Length > FunctionCalledUpdate.MaxArgumentText;
        string text = Encoding.UTF8.GetString(isCut ? json[..FunctionCalledUpdate.MaxArgumentText] : json);
        return isCut ? text.TrimEnd('\uFFFD') + "…" : text;
    }
}
