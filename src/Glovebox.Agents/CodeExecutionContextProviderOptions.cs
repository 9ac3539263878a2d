namespace Glovebox.Agents;

/// <summary>What a <see cref="CodeExecutionContextProvider"/> gives an agent. The provider copies its options.</summary>
public sealed class CodeExecutionContextProviderOptions
{
    /// <summary>The function that runs code: its name, languages, attachments and approval.</summary>
    public ExecuteCodeFunctionOptions Function { get; set; } = new();

    /// <summary>What the agent is told about running code. Null, the default: when to run it, how files and output behave.</summary>
    public string? Instructions { get; set; }

    /// <summary>What the agent is told of the functions that its code may import. It follows the instructions. Null, the default: what
    /// <see cref="CommandLineCodeExecutor.FormatFunctionsForPrompt"/> of the executor gives; over a pool, of an executor that is made to be
    /// asked and is not started. Empty: nothing.</summary>
    public string? FunctionsPrompt { get; set; }
}
