using Glovebox.Agents.Sessions;
using Glovebox.Sessions;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace Glovebox.Agents;

/// <summary>Adding a code interpreter to a chat client.</summary>
public static class CodeInterpreterChatClientBuilderExtensions
{
    /// <summary>Serves <see cref="HostedCodeInterpreterTool"/> from executors that the built client makes and ends: one for each
    /// conversation.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="executorFactory">Makes the executor of a conversation, not started, with a work directory of its own. Null: an
    /// <see cref="InterpreterCodeExecutor"/>, which keeps variables from call to call, in a bubblewrap sandbox.</param>
    /// <param name="options">How the interpreter is served. Null: the defaults.</param>
    /// <param name="sessions">How many conversations are kept, and for how long. Null: the defaults.</param>
    /// <returns>The builder.</returns>
    public static ChatClientBuilder UseCodeInterpreter(
        this ChatClientBuilder builder,
        Func<ICodeExecutor>? executorFactory = null,
        CodeInterpreterOptions? options = null,
        CodeSessionPoolOptions? sessions = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        executorFactory ??= DefaultExecutor.Factory();
        return builder.Use((inner, services) =>
        {
            ILoggerFactory? loggerFactory = LoggerFactory(services);
            return new CodeInterpreterChatClient(
                inner, new CodeSessionPool(executorFactory, sessions, loggerFactory), options, loggerFactory, ownsSessions: true);
        });
    }

    /// <summary>Serves <see cref="HostedCodeInterpreterTool"/> from a pool, which stays the caller's.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="sessions">The executors.</param>
    /// <param name="options">How the interpreter is served. Null: the defaults.</param>
    /// <returns>The builder.</returns>
    public static ChatClientBuilder UseCodeInterpreter(
        this ChatClientBuilder builder, CodeSessionPool sessions, CodeInterpreterOptions? options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(sessions);
        return builder.Use((inner, services) => new CodeInterpreterChatClient(inner, sessions, options, LoggerFactory(services)));
    }

    private static ILoggerFactory? LoggerFactory(IServiceProvider services) =>
        services.GetService(typeof(ILoggerFactory)) as ILoggerFactory;
}
