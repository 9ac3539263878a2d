namespace Glovebox.Agents;

/// <summary>Options of <see cref="CodeExecutionContextProvider"/>, which copies them when it is made.</summary>
public sealed class CodeExecutionContextProviderOptions
{
    /// <summary>Gets or sets the function that runs code: its name, languages, attachments and approval.</summary>
    public ExecuteCodeFunctionOptions Function { get; set; } = new();

    /// <summary>Gets or sets what the agent is told about running code. The default is null: when to run it, how files and output
    /// behave.</summary>
    public string? Instructions { get; set; }

    /// <summary>Gets or sets what the agent is told of the functions that its code may import; it follows the instructions. The default is
    /// null: what <see cref="CommandLineCodeExecutor.FormatFunctionsForPrompt"/> of the executor gives; over a pool, of an executor that is
    /// made to be asked and is not started.</summary>
    public string? FunctionsPrompt { get; set; }
}
