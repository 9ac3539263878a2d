using Glovebox.Execution;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>Options of <see cref="CodeInterpreterChatClient"/>, which copies them when it is made.</summary>
public sealed class CodeInterpreterOptions
{
    /// <summary>Makes options that hold the defaults.</summary>
    public CodeInterpreterOptions()
    {
    }

    internal CodeInterpreterOptions(CodeInterpreterOptions original)
    {
        FunctionName = original.FunctionName;
        Description = original.Description;
        Languages = [.. original.Languages];
        Attachments = original.Attachments;
        MaxTextLength = original.MaxTextLength;
        SendsImagesToModel = original.SendsImagesToModel;
        MaximumIterationsPerRequest = original.MaximumIterationsPerRequest;
        OpenHostedFile = original.OpenHostedFile;
    }

    /// <summary>Gets or sets the name under which the model sees the interpreter. The default is <c>code_interpreter</c>.</summary>
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

    /// <summary>Gets or sets what the model reads about the interpreter; the names of input files are added. The default is null: as
    /// <see cref="ExecuteCodeFunctionOptions.Description"/>.</summary>
    public string? Description { get; set; }

    /// <summary>Gets the languages that the model may use, as <see cref="ExecuteCodeFunctionOptions.Languages"/> has it. The default is
    /// <c>python</c> alone, as with the interpreters that services host.</summary>
    public IList<string> Languages { get; init; } = ["python"];

    /// <summary>Gets or sets the most characters of the text that the model gets of a run; of longer output it gets the beginning and the
    /// end, as <see cref="CodeResult.FormatForModel(int)"/> says. The default is 16,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than <see cref="CodeResult.MinMaxTextLength"/>.</exception>
    public int MaxTextLength
    {
        get;
        set => field = ModelText.Checked(value, nameof(MaxTextLength));
    } = CodeResult.DefaultMaxTextLength;

    /// <summary>Gets or sets the limits of the pictures and files that the caller gets as <see cref="DataContent"/> among
    /// <see cref="CodeInterpreterToolResultContent.Outputs"/>. The default is <see cref="AttachmentLimits.Default"/>.</summary>
    public AttachmentLimits Attachments { get; set; } = AttachmentLimits.Default;

    /// <summary>Gets or sets whether the model gets the pictures, too, and not their names alone. Set it only where the inner client can
    /// send pictures as a function's result: others send them as text. The default is false.</summary>
    public bool SendsImagesToModel { get; set; }

    /// <summary>Gets or sets how many times code may be run for one request before the model must answer. The default is 40.</summary>
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

    /// <summary>Gets or sets what opens a file that <see cref="HostedCodeInterpreterTool.Inputs"/> names by its
    /// <see cref="HostedFileContent.FileId"/>; it returns null when there is no such file. The client disposes the stream. The default is
    /// null: the inner client's <c>IHostedFileClient</c> opens them; without one such inputs are left out.</summary>
    public Func<HostedFileContent, CancellationToken, ValueTask<Stream?>>? OpenHostedFile { get; set; }
}
