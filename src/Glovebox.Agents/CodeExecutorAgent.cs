using System.Runtime.CompilerServices;
using System.Text.Json;
using Glovebox.Agents.Agent;
using Glovebox.Agents.Sessions;
using Glovebox.Sessions;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>An agent that runs code: without a chat client that of the messages it gets, with one the code that the model writes.</summary>
/// <remarks>
/// <para><b>Without a chat client</b> it runs the fenced code blocks of the messages of <see cref="CodeExecutorAgentOptions.Sources"/> and
/// replies with their output.</para>
/// <para><b>With one</b> the model answers first. An answer without code ends the run. Else its code runs, and the model reads the output
/// and reflects on it. When the code failed and <see cref="CodeExecutorAgentOptions.MaxRetriesOnError"/> allows, the model is asked before
/// whether to attempt it again; if so it writes new code. The messages of such a run are, in order and for each attempt: the model's
/// answer, with a
/// <see cref="CodeInterpreterToolCallContent"/> for its code; a <see cref="CodeInterpreterToolResultContent"/> with the output as text and
/// what was drawn and written as <see cref="DataContent"/>; when it is attempted again, the proposed correction; at last the reflection.
/// Both contents tell <c>retryAttempt</c>, from 0, and the result tells <c>exitCode</c>, in <see cref="AIContent.AdditionalProperties"/>;
/// the result's <see cref="AIContent.RawRepresentation"/> is the <see cref="CodeResult"/>.</para>
/// <para><b>Streaming</b> gives the same messages, piece by piece; and while code runs, an update without contents for each
/// <see cref="CodeExecutionUpdate"/>, which is its <see cref="AgentResponseUpdate.RawRepresentation"/>.</para>
/// <para><b>Sessions.</b> The model's conversation is kept in the session, and serialised with it. Over one executor all sessions share its
/// files; over a <see cref="CodeSessionPool"/> each has its own, and a run without a session one that ends with it. One session serves one
/// run at a time; different sessions may run at the same time.</para>
/// <para><b>Ownership.</b> Executors, pool and chat client that were given stay the caller's; an executor is started when it is not
/// already. Without an executor or a pool, the agent has a pool of its own, of an <see cref="InterpreterCodeExecutor"/> in a bubblewrap
/// sandbox for each session; <see cref="DisposeAsync"/> ends that. Undisposed, its sandboxes end with the process.</para>
/// <para><b>Errors.</b> A program that fails is output. A failing sandbox is a <see cref="CodeExecutionException"/>. Cancellation kills
/// the code.</para>
/// </remarks>
public sealed class CodeExecutorAgent : AIAgent, IAsyncDisposable
{
    private readonly IChatClient? _chatClient;
    private readonly CodeExecutorAgentOptions _options;
    private readonly Func<AgentSession, CancellationToken, ValueTask<CodeSessionLease>> _acquire;
    private readonly CodeSessionPool? _sessions;
    private readonly bool _ownsSessions;

    /// <summary>Makes an agent with an executor of its own for each session that runs the code of the messages it gets.</summary>
    public CodeExecutorAgent()
        : this(default(IChatClient), null)
    {
    }

    /// <summary>Makes an agent with an executor of its own for each session that writes code.</summary>
    /// <param name="chatClient">Writes the code.</param>
    public CodeExecutorAgent(IChatClient chatClient)
        : this(chatClient, null)
    {
    }

    /// <summary>Makes an agent with an executor of its own for each session.</summary>
    /// <param name="chatClient">Writes the code. Null: the code comes with the messages.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutorAgent(IChatClient? chatClient, CodeExecutorAgentOptions? options)
        : this(new CodeSessionPool(DefaultExecutor.Factory()), chatClient, options) => _ownsSessions = true;

    /// <summary>Makes an agent over one executor that runs the code of the messages it gets.</summary>
    /// <param name="executor">Runs the code.</param>
    public CodeExecutorAgent(ICodeExecutor executor)
        : this(executor, null, null)
    {
    }

    /// <summary>Makes an agent over one executor that writes code.</summary>
    /// <param name="executor">Runs the code.</param>
    /// <param name="chatClient">Writes the code.</param>
    public CodeExecutorAgent(ICodeExecutor executor, IChatClient chatClient)
        : this(executor, chatClient, null)
    {
    }

    /// <summary>Makes an agent over one executor.</summary>
    /// <param name="executor">Runs the code.</param>
    /// <param name="chatClient">Writes the code. Null: the code comes with the messages.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutorAgent(ICodeExecutor executor, IChatClient? chatClient, CodeExecutorAgentOptions? options)
        : this((_, cancellationToken) => CodeSessionLease.OfAsync(executor, cancellationToken), chatClient, options)
    {
        ArgumentNullException.ThrowIfNull(executor);
    }

    /// <summary>Makes an agent with an executor for each session.</summary>
    /// <param name="sessions">The executors.</param>
    /// <param name="chatClient">Writes the code. Null: the code comes with the messages.</param>
    /// <param name="options">Null: the defaults.</param>
    public CodeExecutorAgent(CodeSessionPool sessions, IChatClient? chatClient, CodeExecutorAgentOptions? options)
        : this((session, cancellationToken) => sessions.AcquireAsync(SessionNames.Of(session), cancellationToken), chatClient, options)
    {
        ArgumentNullException.ThrowIfNull(sessions);
        _sessions = sessions;
    }

    private CodeExecutorAgent(
        Func<AgentSession, CancellationToken, ValueTask<CodeSessionLease>> acquire,
        IChatClient? chatClient,
        CodeExecutorAgentOptions? options)
    {
        _acquire = acquire;
        _chatClient = chatClient;
        _options = new CodeExecutorAgentOptions(options ?? new(), hasModel: chatClient is not null);
    }

    /// <inheritdoc/>
    public override string Name => _options.Name;

    /// <inheritdoc/>
    public override string Description => _options.Description!;

    /// <inheritdoc/>
    protected override string? IdCore => _options.Id;

    /// <inheritdoc/>
    public override object? GetService(Type serviceType, object? serviceKey = null) =>
        base.GetService(serviceType, serviceKey)
        ?? (serviceKey is not null ? null
            : serviceType == typeof(IChatClient) ? _chatClient
            : serviceType.IsInstanceOfType(_options.ChatHistoryProvider) ? _options.ChatHistoryProvider
            : null);

    /// <summary>Ends the sessions that are the agent's own, and returns when they have ended. The chat client is the caller's.</summary>
    public ValueTask DisposeAsync() => _ownsSessions ? _sessions!.DisposeAsync() : ValueTask.CompletedTask;

    /// <inheritdoc/>
    protected override ValueTask<AgentSession> CreateSessionCoreAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<AgentSession>(new Session());

    /// <inheritdoc/>
    protected override ValueTask<JsonElement> SerializeSessionCoreAsync(
        AgentSession session, JsonSerializerOptions? jsonSerializerOptions = null, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Own(session).StateBag.Serialize());

    /// <inheritdoc/>
    protected override ValueTask<AgentSession> DeserializeSessionCoreAsync(
        JsonElement serializedState, JsonSerializerOptions? jsonSerializerOptions = null, CancellationToken cancellationToken = default) =>
        serializedState.ValueKind == JsonValueKind.Object
            ? ValueTask.FromResult<AgentSession>(new Session(serializedState))
            : throw new ArgumentException("The state is not that of a session: it must be a JSON object.", nameof(serializedState));

    /// <inheritdoc/>
    protected override Task<AgentResponse> RunCoreAsync(
        IEnumerable<ChatMessage> messages,
        AgentSession? session = null,
        AgentRunOptions? options = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(messages, session, options, streaming: false, cancellationToken).ToAgentResponseAsync(cancellationToken);

    /// <inheritdoc/>
    protected override IAsyncEnumerable<AgentResponseUpdate> RunCoreStreamingAsync(
        IEnumerable<ChatMessage> messages,
        AgentSession? session = null,
        AgentRunOptions? options = null,
        CancellationToken cancellationToken = default) =>
        RunAsync(messages, session, options, streaming: true, cancellationToken);

    private static Session Own(AgentSession session) => session as Session
        ?? throw new ArgumentException(
            "The session is not one of a CodeExecutorAgent. Use CreateSessionAsync of the agent.", nameof(session));

    private async IAsyncEnumerable<AgentResponseUpdate> RunAsync(
        IEnumerable<ChatMessage> messages,
        AgentSession? session,
        AgentRunOptions? options,
        bool streaming,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Session own = session is null ? new Session() : Own(session);
        ChatHistoryProvider? history = _options.ChatHistoryProvider;
        List<ChatMessage> given = [.. messages];
        List<ChatMessage> known = given;
#pragma warning disable MAAI001 // The provider's own entries; there are no others.
        if (history is not null)
        {
            known = [.. await history.InvokingAsync(new(this, own, given), cancellationToken).ConfigureAwait(false)];
        }

        CodeExecution execution = new(_options, ct => _acquire(own, ct), Id);
        CodeGeneration? generation = _chatClient is null ? null : new(_options, _chatClient, execution, known, streaming, options);
        IAsyncEnumerator<AgentResponseUpdate> updates = (generation is null
            ? execution.RunMessagesAsync(given, cancellationToken)
            : generation.RunAsync(cancellationToken)).GetAsyncEnumerator(cancellationToken);
        try
        {
            await using (updates.ConfigureAwait(false))
            {
                while (await MoveNextAsync().ConfigureAwait(false))
                {
                    yield return updates.Current;
                }
            }
        }
        finally
        {
            // No other run can find it.
            if (session is null && _sessions is not null)
            {
                await _sessions.EndAsync(SessionNames.Of(own)).ConfigureAwait(false);
            }
        }

        if (history is not null && generation is not null)
        {
            await history.InvokedAsync(new(this, own, known, generation.Remembered), cancellationToken).ConfigureAwait(false);
        }

        async ValueTask<bool> MoveNextAsync()
        {
            try
            {
                return await updates.MoveNextAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (history is not null)
            {
                await history.InvokedAsync(new(this, own, known, e), CancellationToken.None).ConfigureAwait(false);
                throw;
            }
        }
#pragma warning restore MAAI001
    }

    /// <summary>A conversation. All of it is in the state bag.</summary>
    private sealed class Session : AgentSession
    {
        public Session()
        {
        }

        public Session(JsonElement state)
            : base(AgentSessionStateBag.Deserialize(state))
        {
        }
    }
}
