using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Glovebox.Agents;
using Glovebox.Agents.Functions;
using Glovebox.Cli.Audit;
using Glovebox.Cli.Output;
using Glovebox.Egress;
using Glovebox.Sessions;
using Microsoft.Extensions.AI;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Glovebox.Cli.Mcp;

/// <summary>The tools that a client sees.</summary>
/// <param name="sessions">The sandboxes.</param>
/// <param name="longestBlock">How long a block may run.</param>
/// <param name="maxTextLength">The most characters of the text of an answer.</param>
/// <param name="sharesState">Whether variables stay from call to call.</param>
/// <param name="network">What to say of the network; empty: nothing.</param>
internal sealed class CodeTools(CodeSessionPool sessions, TimeSpan longestBlock, int maxTextLength, bool sharesState, string network)
{
    public const string RunCode = "run_code";

    /// <summary>The most bytes of a file that is read, and of code that is run.</summary>
    public const int LargestFile = 4 << 20;

    private const string WriteFile = "write_file";
    private const string ResetSession = "reset_session";

    private const string DefaultSession = "default";
    private const string SessionHelp =
        "The session's name, of your choice: letters, digits, dot, underscore, hyphen. Default: " + DefaultSession + ".";
    private const string SessionPattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";
    private const string PathHelp = "Relative to the session's directory, such as data/input.csv.";

    private static readonly AttachmentLimits PictureLimits = AttachmentLimits.Default with { ImagesOnly = true };

    private static readonly McpServerToolCreateOptions Options = new()
    {
        SerializerOptions = ToolArguments.SerializerOptions,
        SchemaCreateOptions = new()
        {
            ParameterDescriptionProvider = p => p.Name == "language" ? LanguageHelp(CodeLanguage.Defaults.Select(l => l.Name)) : null,
            TransformOptions = new() { DisallowAdditionalProperties = true },
        },
    };

    public IEnumerable<McpServerTool> All =>
        new Delegate[] { RunCodeAsync, WriteFileAsync, ReadFileAsync, ListFilesAsync, ResetSessionAsync }
            .Select(tool => McpServerTool.Create(tool, Options))
            .Select(AddState);

    /// <summary>Tells the model which languages there are.</summary>
    /// <param name="runCode">The tool <see cref="RunCode"/>.</param>
    /// <param name="languages">Their names.</param>
    public static void NameLanguages(Tool runCode, IEnumerable<string> languages)
    {
        JsonObject schema = JsonObject.Create(runCode.InputSchema)!;
        schema["properties"]!["language"]!["description"] = LanguageHelp(languages);
        runCode.InputSchema = JsonElement.Parse(schema.ToJsonString());
    }

    /// <summary>What to say of the network where code may reach some hosts.</summary>
    /// <param name="rules">What it may reach.</param>
    /// <param name="secrets">Which secrets it has, and for which hosts.</param>
    public static string DescribeNetwork(IReadOnlyList<string> rules, IReadOnlyList<EgressSecret> secrets) => rules.Count == 0 ? ""
        : " It reaches no network but, by the proxy that HTTP_PROXY and HTTPS_PROXY name: " + string.Join("; ", rules) + "."
            + string.Concat(secrets.Select(
                s => $" The environment variable {s.Name} stands for a secret: put it into a header or a query, and "
                + $"{string.Join(", ", s.Domains)} gets the value."));

    /// <summary>Tells the model whether variables stay, too, which is for the executor to say.</summary>
    private McpServerTool AddState(McpServerTool tool)
    {
        if (tool.ProtocolTool.Name == RunCode)
        {
            tool.ProtocolTool.Description += sharesState
                ? " Variables and imports stay, too."
                : " Variables do not stay: each call is a program of its own.";
            tool.ProtocolTool.Description += network;
        }

        return tool;
    }

    /// <summary>Serves a call. What the model can correct is a result that says so.</summary>
    public async ValueTask<CallToolResult> CallAsync(
        McpRequestHandler<CallToolRequestParams, CallToolResult> tool,
        RequestContext<CallToolRequestParams> request,
        CancellationToken cancellationToken)
    {
        try
        {
            if (request.MatchedPrimitive is McpServerTool known)
            {
                ToolArguments.Check(known.ProtocolTool, request.Params.Arguments);
            }

            return await tool(request, cancellationToken).ConfigureAwait(false);
        }
        catch (McpException e) when (e is not McpProtocolException)
        {
            return Text(e.Message, isError: true);
        }
        catch (Exception e) when (e is ExecutorStoppedException or ObjectDisposedException)
        {
            return Text("The session was reset while this ran; the code was ended.", isError: true);
        }
        catch (CodeExecutionException e)
        {
            string? hint = e.Code == "too-many-sessions"
                ? $"They are: {string.Join(", ", sessions.Names)}. Use one of them, or end one with {ResetSession}."
                : e.Hint;
            return Text($"{e.Message} {hint}".TrimEnd(), isError: true);
        }
    }

    [McpServerTool(
        Name = RunCode, Title = "Run code", ReadOnly = false, Destructive = true, Idempotent = false, OpenWorld = true,
        UseStructuredContent = true, OutputSchemaType = typeof(RunReport))]
    [Description("Runs a program in a session's sandbox and gives what it printed, its exit code, and the pictures that it made. "
        + "Files in the current directory stay for later calls of the session. "
        + "Progress notifications carry the output as it comes.")]
    private async Task<CallToolResult> RunCodeAsync(
        RequestContext<CallToolRequestParams> request,
        string language,
        [Description("The whole source text.")] string code,
        [Description(SessionHelp), RegularExpression(SessionPattern)] string session = DefaultSession,
        [Description("The seconds that the program may run. Default, and most: what the server allows.")] double? timeout = null,
        [Description("The arguments of the program.")] string[]? arguments = null,
        [Description("Environment variables of the program.")] Dictionary<string, string>? environment = null,
        [Description("What the program reads from its standard input.")] string? stdin = null,
        CancellationToken cancellationToken = default)
    {
        CodeExecutionOptions options = ExecutionOptions(timeout, arguments, environment, stdin);
        if (Encoding.UTF8.GetByteCount(code) is > LargestFile and int size)
        {
            throw new McpException($"Nothing was run: the argument 'code' has {size} bytes, and {LargestFile} is the most. "
                + $"Put data into files with {WriteFile}.");
        }

        CodeSessionLease lease = await sessions.AcquireAsync(session, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            AuditRequest.Enter(session);
            CodeBlock block = new(language, MarkdownCodeBlocks.Unfence(code));
            Refusals refusals = new();
            CodeResult result = await RunAsync(request, lease.Executor, block, options, refusals, cancellationToken).ConfigureAwait(false);
            Attachments attached = await Attachments.ReadAsync(
                result, lease.Executor.Workspace, PictureLimits, cancellationToken).ConfigureAwait(false);
            string[] notes = [.. attached.Notes, .. refusals.Lines(namesOption: false)];
            CallToolResult answer = Text(RunText.Of(result, notes, maxTextLength), isError: result.ExitCode != 0);
            answer.StructuredContent = RunReport.Of(result, notes, maxTextLength).ToJson();
            foreach (DataContent picture in attached.Data)
            {
                answer.Content.Add(ImageContentBlock.FromBytes(picture.Data, picture.MediaType));
            }

            return answer;
        }
    }

    [McpServerTool(Name = WriteFile, Title = "Write a file", ReadOnly = false, Destructive = true, Idempotent = true, OpenWorld = false)]
    [Description("Writes a file into a session's directory; one that is there is replaced.")]
    private async Task<string> WriteFileAsync(
        [Description(PathHelp)] string path,
        [Description("The content: text, or Base64 where encoding says so.")] string content,
        [Description(SessionHelp), RegularExpression(SessionPattern)] string session = DefaultSession,
        [AllowedValues("utf-8", "base64")] string encoding = "utf-8",
        CancellationToken cancellationToken = default)
    {
        byte[] bytes = Decode(content, encoding);
        CodeSessionLease lease = await sessions.AcquireAsync(session, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            await lease.Executor.Workspace.WriteAllBytesAsync(path, bytes, cancellationToken).ConfigureAwait(false);
            return $"Wrote {TerminalText.Line(path)} ({bytes.Length} bytes).";
        }
    }

    [McpServerTool(Name = "read_file", Title = "Read a file", ReadOnly = true, OpenWorld = false)]
    [Description("Reads a file of a session's directory: text as text (of a long one the beginning and the end), a picture as a picture, "
        + "anything else as data.")]
    private async Task<ContentBlock> ReadFileAsync(
        [Description(PathHelp)] string path,
        [Description(SessionHelp), RegularExpression(SessionPattern)] string session = DefaultSession,
        CancellationToken cancellationToken = default)
    {
        CodeSessionLease lease = await ExistingAsync(session, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            byte[] content = await lease.Executor.Workspace.ReadAllBytesAsync(path, LargestFile, cancellationToken).ConfigureAwait(false);
            string mediaType = MediaTypes.Of(path, content);
            return MediaTypes.IsImage(mediaType) ? ImageContentBlock.FromBytes(content, mediaType)
                : AsText(content) is { } text ? new TextContentBlock { Text = RunText.Bound(text, maxTextLength) }
                : MediaTypes.IsImage(MediaTypes.OfName(path))
                    ? throw new McpException($"{TerminalText.Line(path)} is a broken or incomplete picture of {content.Length} bytes.")
                : new EmbeddedResourceBlock
                {
                    Resource = BlobResourceContents.FromBytes(content, "file:///workspace/" + Uri.EscapeDataString(path), mediaType),
                };
        }
    }

    [McpServerTool(
        Name = "list_files", Title = "List files", ReadOnly = true, OpenWorld = false,
        UseStructuredContent = true, OutputSchemaType = typeof(FilesReport))]
    [Description("Lists the files of a session's directory with their sizes.")]
    private async Task<CallToolResult> ListFilesAsync(
        [Description(SessionHelp), RegularExpression(SessionPattern)] string session = DefaultSession,
        CancellationToken cancellationToken = default)
    {
        CodeSessionLease lease = await ExistingAsync(session, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            WorkspaceListing listing = await lease.Executor.Workspace.ListAsync(cancellationToken).ConfigureAwait(false);
            CallToolResult answer = Text(FileText(listing), isError: false);
            answer.StructuredContent = FilesReport.Of(listing, maxTextLength).ToJson();
            return answer;
        }
    }

    [McpServerTool(
        Name = ResetSession, Title = "Reset a session", ReadOnly = false, Destructive = true, Idempotent = true, OpenWorld = false)]
    [Description("Ends a session: what runs in it is killed and its files are deleted. Its name can be used again.")]
    private async Task<string> ResetSessionAsync(
        [Description(SessionHelp), RegularExpression(SessionPattern)] string session = DefaultSession) =>
        await sessions.EndAsync(session).ConfigureAwait(false)
            ? $"The session {session} has ended; its files are gone."
            : $"There is no session {session}.";

    private static string LanguageHelp(IEnumerable<string> names) => $"The language: {string.Join(", ", names)}.";

    private CodeExecutionOptions ExecutionOptions(
        double? timeout, string[]? arguments, Dictionary<string, string>? environment, string? stdin)
    {
        // The server's own limit is the user's, and no client's to raise.
        double longest = longestBlock == Timeout.InfiniteTimeSpan ? int.MaxValue / 1000 : longestBlock.TotalSeconds;
        if (timeout is not null && !(timeout >= 0.001 && timeout <= longest))
        {
            throw new McpException(string.Create(
                CultureInfo.InvariantCulture, $"The argument 'timeout' must be more than 0 and at most {longest:0.###} seconds."));
        }

        try
        {
            CodeExecutionOptions options = new()
            {
                Arguments = arguments ?? [],
                StandardInput = Encoding.UTF8.GetBytes(stdin ?? ""),
                Timeout = timeout is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            };
            options.Environment = environment ?? options.Environment;
            return options;
        }
        catch (ArgumentException e)
        {
            throw new McpException(e.Message);
        }
    }

    private string FileText(WorkspaceListing listing)
    {
        const int RoomForMore = 100;
        StringBuilder text = new();
        int named = 0;
        foreach (WorkspaceFile file in listing.Files)
        {
            string line = string.Create(
                CultureInfo.InvariantCulture, $"{TerminalText.Line(file.Path)} ({file.Size} bytes){SetIdWarning.Of(file)}\n");
            if (text.Length + line.Length > maxTextLength - RoomForMore)
            {
                break;
            }

            text.Append(line);
            named++;
        }

        if (named < listing.Files.Count)
        {
            text.Append(CultureInfo.InvariantCulture, $"and {listing.Files.Count - named} more files\n");
        }

        return listing.IsComplete
            ? text.Length == 0 ? "There are no files." : text.ToString()
            : text.Append("There are more files: not all of the directory was looked at.\n").ToString();
    }

    private static CallToolResult Text(string text, bool isError) =>
        new() { Content = [new TextContentBlock { Text = text }], IsError = isError };

    private static async Task<CodeResult> RunAsync(
        RequestContext<CallToolRequestParams> request,
        ICodeExecutor executor,
        CodeBlock block,
        CodeExecutionOptions options,
        Refusals refusals,
        CancellationToken cancellationToken)
    {
        List<BlockResult> blocks = [];
        WholeLines printed = new(), errors = new();
        int told = 0;
        IAsyncEnumerable<CodeExecutionUpdate> updates = executor.ExecuteCodeBlocksStreamingAsync([block], options, cancellationToken);
        await foreach (CodeExecutionUpdate update in updates.ConfigureAwait(false))
        {
            string message = "";
            refusals.Add(update);
            if (update is BlockCompletedUpdate completed)
            {
                blocks.Add(completed.Result);
                message = printed.End() + errors.End();
            }
            else if (update is OutputReceivedUpdate output)
            {
                message = (output.Stream == OutputStream.StandardOutput ? printed : errors).Add(output.Text);
            }

            if (message.Length > 0 && request.Params.ProgressToken is { } token)
            {
                // By hand, because the SDK's IProgress does not wait: output would pile up here while a client does not read.
                ProgressNotificationValue progress = new() { Progress = ++told, Message = message };
                await request.Server.NotifyProgressAsync(token, progress, cancellationToken: cancellationToken).ConfigureAwait(false);
            }
        }

        return new CodeResult(blocks);
    }

    /// <summary>Uses a session that has begun: a question for files begins no session.</summary>
    private async ValueTask<CodeSessionLease> ExistingAsync(string name, CancellationToken cancellationToken)
    {
        if (await sessions.AcquireExistingAsync(name, cancellationToken).ConfigureAwait(false) is { } lease)
        {
            return lease;
        }

        string there = sessions.Names is { Count: > 0 } names ? $"Sessions are: {string.Join(", ", names)}." : "There is none yet.";
        throw new McpException($"There is no session {name}. {there} {RunCode} or {WriteFile} begins one.");
    }

    private static byte[] Decode(string content, string encoding)
    {
        try
        {
            return encoding switch
            {
                null or "utf-8" => Encoding.UTF8.GetBytes(content),
                "base64" => Convert.FromBase64String(content),
                _ => throw new McpException("The argument 'encoding' must be utf-8 or base64."),
            };
        }
        catch (FormatException)
        {
            throw new McpException("The argument 'content' is not Base64.");
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
