using System.Text.Json;
using Glovebox.Agents.Functions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>The options of a client, copied, and its sessions.</summary>
internal sealed class CodeInterpreterSettings
{
    public CodeInterpreterSettings(CodeSessionPool sessions, CodeInterpreterOptions options)
    {
        Sessions = sessions;
        FunctionName = options.FunctionName;
        Languages = [.. options.Languages];
        Attachments = options.Attachments;
        SendsImagesToModel = options.SendsImagesToModel;
        MaximumIterations = options.MaximumIterationsPerRequest;
        OpenHostedFile = options.OpenHostedFile;
        Description = options.Description ?? CodeCall.Describe(Languages);
        Schema = CodeCall.Schema(Languages);
    }

    public CodeSessionPool Sessions { get; }

    public string FunctionName { get; }

    public IReadOnlyList<string> Languages { get; }

    public AttachmentLimits Attachments { get; }

    public bool SendsImagesToModel { get; }

    public int MaximumIterations { get; }

    public Func<HostedFileContent, CancellationToken, ValueTask<Stream?>>? OpenHostedFile { get; }

    public string Description { get; }

    public JsonElement Schema { get; }
}
