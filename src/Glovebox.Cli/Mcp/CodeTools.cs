using System.Globalization;
using System.Text;
using Glovebox.Agents;
using Glovebox.Agents.Functions;
using Glovebox.Cli.Output;
using Glovebox.Sessions;
using Microsoft.Extensions.AI;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Glovebox.Cli.Mcp;

/// <summary>What the tools do.</summary>
internal sealed class CodeTools(CodeSessionPool sessions)
{
    /// <summary>The most bytes of a file that is read, and of code that is run.</summary>
    public const int LargestFile = 4 << 20;

    /// <summary>How the names begin under which programs are saved; to a model they are no files of its own.</summary>
    private const string TemporaryCode = "tmp_code_";

    private static readonly AttachmentLimits Pictures = AttachmentLimits.Default with { ImagesOnly = true };

    /// <summary>Serves a call. What the model can put right is a result that says so.</summary>
    public async ValueTask<CallToolResult> CallAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        ToolArguments arguments = new(request.Params.Arguments);
        try
        {
            return request.Params.Name switch
            {
                CodeToolDefinitions.RunCode => await RunCodeAsync(request, arguments, cancellationToken).ConfigureAwait(false),
                CodeToolDefinitions.WriteFile => await WriteFileAsync(arguments, cancellationToken).ConfigureAwait(false),
                CodeToolDefinitions.ReadFile => await ReadFileAsync(arguments, cancellationToken).ConfigureAwait(false),
                CodeToolDefinitions.ListFiles => await ListFilesAsync(arguments, cancellationToken).ConfigureAwait(false),
                CodeToolDefinitions.ResetSession => await ResetSessionAsync(arguments).ConfigureAwait(false),
                _ => throw new McpProtocolException(
                    $"There is no tool '{TerminalText.Line(request.Params.Name)}'.", McpErrorCode.InvalidParams),
            };
        }
        catch (ToolException e)
        {
            return Error(e.Message);
        }
        catch (Exception e) when (e is ExecutorStoppedException or ObjectDisposedException)
        {
            return Error("The session was reset while this ran; the code was ended.");
        }
        catch (CodeExecutionException e)
        {
            string there = e.Code == "too-many-sessions"
                ? $" They are: {string.Join(", ", sessions.Names)}. Use one of them, or end one with {CodeToolDefinitions.ResetSession}."
                : "";
            return Error($"{e.Message}{there}{(there.Length > 0 || e.Hint is null ? "" : " " + e.Hint)}");
        }
    }

    private static CallToolResult Text(string text, bool isError = false) =>
        new() { Content = [new TextContentBlock { Text = text }], IsError = isError };

    private static CallToolResult Error(string message) => Text(message, isError: true);

    private static async Task<CodeResult> RunAsync(
        RequestContext<CallToolRequestParams> request, ICodeExecutor executor, CodeBlock block, CancellationToken cancellationToken)
    {
        List<BlockResult> blocks = [];
        int told = 0;
        await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync([block], cancellationToken).ConfigureAwait(false))
        {
            if (update is BlockCompletedUpdate completed)
            {
                blocks.Add(completed.Result);
            }
            else if (update is OutputReceivedUpdate output && request.Params.ProgressToken is { } token)
            {
                // A client is told a number that grows; how much there will be, nobody knows.
                await request.Server.NotifyProgressAsync(token, new() { Progress = ++told, Message = output.Text }, cancellationToken: cancellationToken).ConfigureAwait(false);
            }
        }

        return new CodeResult(blocks);
    }

    private async Task<CallToolResult> RunCodeAsync(
        RequestContext<CallToolRequestParams> request, ToolArguments arguments, CancellationToken cancellationToken)
    {
        CodeBlock block = new(arguments.Text("language"), arguments.Text("code"));
        if (Encoding.UTF8.GetByteCount(block.Code) is > LargestFile and int size)
        {
            throw new ToolException(string.Create(
                CultureInfo.InvariantCulture,
                $"Nothing was run: the argument 'code' has {size} bytes, and {LargestFile} is the most. Put data into files with {CodeToolDefinitions.WriteFile}."));
        }

        CodeSessionLease lease = await sessions.AcquireAsync(arguments.Session(), cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            CodeResult result = await RunAsync(request, lease.Executor, block, cancellationToken).ConfigureAwait(false);
            List<DataContent> pictures = await Attachments.ReadAsync(
                result, lease.Executor.Workspace, Pictures, cancellationToken).ConfigureAwait(false);
            CallToolResult answer = Text(result.FormatForModel(), isError: result.ExitCode != 0);
            foreach (DataContent picture in pictures)
            {
                answer.Content.Add(ImageContentBlock.FromBytes(picture.Data, picture.MediaType));
            }

            return answer;
        }
    }

    private async Task<CallToolResult> WriteFileAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        string path = arguments.Text("path");
        byte[] content = Content(arguments.Text("content"), arguments.OptionalText("encoding"));
        CodeSessionLease lease = await sessions.AcquireAsync(arguments.Session(), cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            await lease.Executor.Workspace.WriteAllBytesAsync(path, content, cancellationToken).ConfigureAwait(false);
            return Text(string.Create(CultureInfo.InvariantCulture, $"Wrote {TerminalText.Line(path)} ({content.Length} bytes)."));
        }
    }

    private async Task<CallToolResult> ReadFileAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        string path = arguments.Text("path");
        CodeSessionLease lease = await ExistingAsync(arguments.Session(), cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            byte[] content = await lease.Executor.Workspace.ReadAllBytesAsync(path, LargestFile, cancellationToken).ConfigureAwait(false);
            string mediaType = MediaTypes.Of(path, content);
            return new CallToolResult
            {
                Content =
                [
                    MediaTypes.IsImage(mediaType) ? ImageContentBlock.FromBytes(content, mediaType)
                    : AsText(content) is { } text ? new TextContentBlock { Text = text }
                    : new EmbeddedResourceBlock { Resource = BlobResourceContents.FromBytes(content, "file:///workspace/" + Uri.EscapeDataString(path), mediaType) },
                ],
            };
        }
    }

    private async Task<CallToolResult> ListFilesAsync(ToolArguments arguments, CancellationToken cancellationToken)
    {
        CodeSessionLease lease = await ExistingAsync(arguments.Session(), cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            WorkspaceListing listing = await lease.Executor.Workspace.ListAsync(cancellationToken).ConfigureAwait(false);
            StringBuilder text = new();
            foreach (WorkspaceFile file in listing.Files.Where(f => !f.Path.StartsWith(TemporaryCode, StringComparison.Ordinal)))
            {
                text.Append(CultureInfo.InvariantCulture, $"{TerminalText.Line(file.Path)} ({file.Size} bytes){SetIdWarning.Of(file)}\n");
            }

            return Text(text.Length == 0 ? "There are no files." : listing.IsComplete ? text.ToString() : text + "There are more files.\n");
        }
    }

    private async Task<CallToolResult> ResetSessionAsync(ToolArguments arguments)
    {
        string name = arguments.Session();
        return Text(await sessions.EndAsync(name).ConfigureAwait(false) ? $"The session {name} has ended; its files are gone." : $"There is no session {name}.");
    }

    /// <summary>Uses a session that has begun: asking for files begins none.</summary>
    private async ValueTask<CodeSessionLease> ExistingAsync(string name, CancellationToken cancellationToken)
    {
        if (!sessions.Contains(name))
        {
            string there = sessions.Names is { Count: > 0 } names ? $"Sessions are: {string.Join(", ", names)}." : "There is none yet.";
            throw new ToolException(
                $"There is no session {name}. {there} {CodeToolDefinitions.RunCode} or {CodeToolDefinitions.WriteFile} begins one.");
        }

        return await sessions.AcquireAsync(name, cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Content(string content, string? encoding)
    {
        try
        {
            return encoding switch
            {
                null or "utf-8" => Encoding.UTF8.GetBytes(content),
                "base64" => Convert.FromBase64String(content),
                _ => throw new ToolException("The argument 'encoding' must be utf-8 or base64."),
            };
        }
        catch (FormatException)
        {
            throw new ToolException("The argument 'content' is not Base64.");
        }
    }

    private static string? AsText(byte[] content)
    {
        try
        {
            string text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(content);
            return text.Contains('\0', StringComparison.Ordinal) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
