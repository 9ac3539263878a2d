using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>How a <see cref="CodeInterpreterChatClient"/> serves the code interpreter. The client copies its options.</summary>
public sealed class CodeInterpreterOptions
{
    /// <summary>The name under which the model sees the interpreter. Default: <c>code_interpreter</c>.</summary>
    /// <exception cref="ArgumentException">Empty.</exception>
    public string FunctionName
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(FunctionName));
            field = value;
        }
    } = "code_interpreter";

    /// <summary>What the model reads about the interpreter; the names of input files are added. Null, the default: as
    /// <see cref="ExecuteCodeFunctionOptions.Description"/>.</summary>
    public string? Description { get; set; }

    /// <summary>The languages that the model may use, as <see cref="ExecuteCodeFunctionOptions.Languages"/> has it. Default: <c>python</c>
    /// alone, as with the interpreters that services host.</summary>
    public IList<string> Languages { get; init; } = ["python"];

    /// <summary>How much of what the code drew and wrote the caller gets as <see cref="DataContent"/> among
    /// <see cref="CodeInterpreterToolResultContent.Outputs"/>.</summary>
    public AttachmentLimits Attachments { get; set; } = AttachmentLimits.Default;

    /// <summary>Whether the model gets the pictures, too, and not their names alone. Take it only where the client within can send pictures
    /// as a function's result: others send them as text. Default: false.</summary>
    public bool SendsImagesToModel { get; set; }

    /// <summary>How many times code may be run for one request before the model must answer. Default: 40.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaximumIterationsPerRequest
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaximumIterationsPerRequest));
            field = value;
        }
    } = 40;

    /// <summary>Opens a file that <see cref="HostedCodeInterpreterTool.Inputs"/> names by its <see cref="HostedFileContent.FileId"/>; null
    /// when there is none. The client disposes the stream. Null, the default: the files are asked of the client within, where it has an
    /// <c>IHostedFileClient</c>; else such inputs are left out.</summary>
    public Func<HostedFileContent, CancellationToken, ValueTask<Stream?>>? OpenHostedFile { get; set; }
}
