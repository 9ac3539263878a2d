using System.Runtime.CompilerServices;
using Glovebox.Agents.Functions;
using Glovebox.Middleware;
using Glovebox.Sessions;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Agent;

/// <summary>Runs the code of one run of an agent, and makes updates of what happens.</summary>
internal sealed class CodeExecution(
    CodeExecutorAgentOptions options, Func<CancellationToken, ValueTask<CodeSessionLease>> acquire, string agentId)
{
    private readonly string _responseId = Guid.NewGuid().ToString("n");

    /// <summary>The result of the last execution; null when the code was not approved.</summary>
    public CodeResult? Result { get; private set; }

    public int ExitCode => Result?.ExitCode ?? 1;

    /// <summary>What the reply says of the last execution.</summary>
    public string Output { get; private set; } = "";

    /// <summary>The pictures and files of the last execution.</summary>
    public IReadOnlyList<AIContent> Data { get; private set; } = [];

    public static string NewMessageId() => Guid.NewGuid().ToString("n");

    /// <summary>An update of a message of this run.</summary>
    public AgentResponseUpdate Update(string messageId, params IList<AIContent> contents) => new(ChatRole.Assistant, contents)
    {
        AgentId = agentId,
        AuthorName = options.Name,
        MessageId = messageId,
        ResponseId = _responseId,
    };

    /// <summary>A model's update, as one of this run.</summary>
    public AgentResponseUpdate Update(ChatResponseUpdate update, string fallbackId)
    {
        // What folds updates looks into the model's own, so that it has to say the same.
        ChatResponseUpdate own = update.Clone();
        own.AuthorName = options.Name;
        own.MessageId = string.IsNullOrEmpty(update.MessageId) ? fallbackId : update.MessageId;
        own.ResponseId = _responseId;
        return new AgentResponseUpdate(own) { AgentId = agentId };
    }

    /// <summary>Runs the code of messages, and replies with the output.</summary>
    public async IAsyncEnumerable<AgentResponseUpdate> RunMessagesAsync(
        IReadOnlyList<ChatMessage> messages, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string reply = NewMessageId();
        (CodeSessionLease? lease, IReadOnlyList<CodeBlock> blocks) =
            await TakeCodeAsync(messages.Where(options.IsSource), cancellationToken).ConfigureAwait(false);
        if (lease is null)
        {
            yield return Update(reply, new TextContent(AgentTexts.NoCodeBlocks));
            yield break;
        }

        await using (lease.ConfigureAwait(false))
        {
            await foreach (AgentResponseUpdate update in RunAsync(
                blocks, messages, lease.Executor, reply, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }
        }

        yield return Update(reply, [new TextContent(Output) { RawRepresentation = Result }, .. Data]);
    }

    /// <summary>Takes the code out of messages.</summary>
    /// <returns>The use of the executor, and the blocks; null and empty when there is no code.</returns>
    public async ValueTask<(CodeSessionLease? Lease, IReadOnlyList<CodeBlock> Blocks)> TakeCodeAsync(
        IEnumerable<ChatMessage> messages, CancellationToken cancellationToken)
    {
        IReadOnlyList<CodeBlock> all = SupportedLanguages.Blocks(messages);
        if (all.Count == 0)
        {
            return (null, []);
        }

        CodeSessionLease lease = await acquire(cancellationToken).ConfigureAwait(false);
        IReadOnlyList<CodeBlock> blocks = SupportedLanguages.Filter(all, options.SupportedLanguages, LanguageRegistry.Of(lease.Executor));
        if (blocks.Count > 0)
        {
            return (lease, blocks);
        }

        await lease.DisposeAsync().ConfigureAwait(false);
        return (null, []);
    }

    /// <summary>Runs blocks, if they are approved. The outcome is in the properties.</summary>
    public async IAsyncEnumerable<AgentResponseUpdate> RunAsync(
        IReadOnlyList<CodeBlock> blocks,
        IReadOnlyList<ChatMessage> context,
        ICodeExecutor executor,
        string messageId,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (options.Approval is { } approve)
        {
            // A prompt that ignores its token, as a read from a terminal does, must not hold up a cancellation.
            LanguageRegistry known = LanguageRegistry.Of(executor);
            CodeApprovalRequest request = new([.. blocks], context)
            {
                Programs = [.. blocks.Select(b => known.Find(b.Language)?.Programs ?? [])],
            };
            ApprovalDecision decision =
                await approve(request, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false)
                ?? throw new InvalidOperationException("The approval gave null instead of a decision.");
            if (!decision.IsApproved)
            {
                (Result, Output, Data) = (null, AgentTexts.Denied(decision.Reason), []);
                yield break;
            }
        }

        List<BlockResult> results = [];
        await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync(
            blocks, cancellationToken).ConfigureAwait(false))
        {
            if (update is BlockCompletedUpdate completed)
            {
                results.Add(completed.Result);
            }

            AgentResponseUpdate shown = Update(messageId);
            shown.RawRepresentation = update;
            yield return shown;
        }

        Result = new CodeResult(results);
        Attachments attached = await Attachments.ReadAsync(
            Result, executor.Workspace, options.Attachments, cancellationToken).ConfigureAwait(false);
        (Output, Data) = (AgentTexts.Output(Result, attached.Notes, options.MaxTextLength), attached.Data);
    }
}
