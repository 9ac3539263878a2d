using System.Runtime.CompilerServices;
using Glovebox.Agents.ChatClient;
using Glovebox.Sessions;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Agent;

/// <summary>One run of an agent with a model: it writes code, sees it run, mends it, and reflects.</summary>
internal sealed class CodeGeneration(
    CodeExecutorAgentOptions options,
    IChatClient chatClient,
    CodeExecution execution,
    IReadOnlyList<ChatMessage> known,
    bool streaming,
    AgentRunOptions? runOptions)
{
    private const string RetryAttempt = "retryAttempt";
    private const string ExitCode = "exitCode";

    private readonly List<ChatMessage> _remembered = [];
    private ChatResponse _answer = new();

    /// <summary>What the model will have to know of this run.</summary>
    public IReadOnlyList<ChatMessage> Remembered => _remembered;

    private List<ChatMessage> Context => [.. known, .. _remembered];

    public async IAsyncEnumerable<AgentResponseUpdate> RunAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            string generated = CodeExecution.NewMessageId();
            await foreach (AgentResponseUpdate update in AskAsync(
                generated, options.ChatOptions!.Clone(), cancellationToken).ConfigureAwait(false))
            {
                generated = update.MessageId!;
                yield return update;
            }

            _remembered.AddRange(_answer.Messages);
            (CodeSessionLease? lease, IReadOnlyList<CodeBlock> blocks) =
                await execution.TakeCodeAsync(_answer.Messages, cancellationToken).ConfigureAwait(false);
            if (lease is null)
            {
                yield break;
            }

            string executed = CodeExecution.NewMessageId();
            await using (lease.ConfigureAwait(false))
            {
                yield return execution.Update(generated, new CodeInterpreterToolCallContent(executed)
                {
                    Inputs = [.. blocks.Select((b, i) => CodeInterpreterContents.ToData(b, $"block-{i + 1}"))],
                    AdditionalProperties = new() { [RetryAttempt] = attempt },
                });
                await foreach (AgentResponseUpdate update in execution.RunAsync(
                    blocks, Context, lease.Executor, executed, cancellationToken).ConfigureAwait(false))
                {
                    yield return update;
                }
            }

            yield return execution.Update(executed, new CodeInterpreterToolResultContent(executed)
            {
                Outputs = [new TextContent(execution.Output), .. execution.Data],
                AdditionalProperties = new() { [RetryAttempt] = attempt, [ExitCode] = execution.ExitCode },
                RawRepresentation = execution.Result,
            });
            Remember(execution.Output);
            if (execution.ExitCode == 0 || attempt == options.MaxRetriesOnError)
            {
                break;
            }

            ChatResponse asked = await AskForDecisionAsync(cancellationToken).ConfigureAwait(false);
            if (asked.Usage is { } usage)
            {
                yield return execution.Update(executed, new UsageContent(usage));
            }

            RetryDecision decision = RetryDecision.Parse(asked.Text);
            if (!decision.Retry)
            {
                break;
            }

            string correction = AgentTexts.Correction(attempt + 1, decision.Reason);
            yield return execution.Update(CodeExecution.NewMessageId(), new TextContent(correction));
            Remember(correction);
        }

        ChatOptions reflection = options.ChatOptions!.Clone();
        reflection.ResponseFormat = runOptions?.ResponseFormat ?? reflection.ResponseFormat;
        await foreach (AgentResponseUpdate update in AskAsync(
            CodeExecution.NewMessageId(), reflection, cancellationToken).ConfigureAwait(false))
        {
            yield return update;
        }

        _remembered.AddRange(_answer.Messages);
    }

    /// <summary>Tells the model of its code as the user does: services take no result of a call that the model did not make.</summary>
    private void Remember(string text) => _remembered.Add(new ChatMessage(ChatRole.User, text) { AuthorName = options.Name });

    private async IAsyncEnumerable<AgentResponseUpdate> AskAsync(
        string fallbackId, ChatOptions chatOptions, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncEnumerable<ChatResponseUpdate> answer = streaming
            ? chatClient.GetStreamingResponseAsync(Context, chatOptions, cancellationToken)
            : (await chatClient.GetResponseAsync(Context, chatOptions, cancellationToken).ConfigureAwait(false))
                .ToChatResponseUpdates().ToAsyncEnumerable();
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in answer.ConfigureAwait(false))
        {
            updates.Add(update);
            yield return execution.Update(update, fallbackId);
        }

        _answer = updates.ToChatResponse();
    }

    private Task<ChatResponse> AskForDecisionAsync(CancellationToken cancellationToken)
    {
        ChatOptions chatOptions = options.ChatOptions!.Clone();
        chatOptions.ResponseFormat = RetryDecision.Format;
        ChatMessage question = new(ChatRole.User, RetryDecision.Question(execution.Output)) { AuthorName = options.Name };
        return chatClient.GetResponseAsync([.. Context, question], chatOptions, cancellationToken);
    }
}
