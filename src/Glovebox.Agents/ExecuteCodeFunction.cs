using System.Text.Json;
using Glovebox.Agents.Functions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents;

/// <summary>A function by which a model runs code in an executor.</summary>
/// <remarks>
/// <para>It takes <c>code</c> and <c>language</c>, or <c>code</c> alone where <see cref="ExecuteCodeFunctionOptions.Languages"/> has one
/// language. The result is <see cref="CodeResult.FormatForModel"/> as a string; or, when the code drew pictures or made files that
/// <see cref="ExecuteCodeFunctionOptions.Attachments"/> lets in, a list of <see cref="AIContent"/>: that text, then the
/// <see cref="DataContent"/>. Arguments that cannot be used are a result, too, that says what to do. A failing sandbox is a
/// <see cref="CodeExecutionException"/>; cancellation kills the code.</para>
/// <para>The executor stays the caller's. It is started at the first call when it is not already. Calls may run at the same time; the
/// executor does one after the other. All callers of one executor share its files: give each conversation an executor of its own, as
/// <see cref="CodeSessionPool"/> does.</para>
/// </remarks>
public sealed class ExecuteCodeFunction : AIFunction
{
    private readonly Func<CancellationToken, ValueTask<CodeSessionLease>> _acquire;
    private readonly AttachmentLimits _attachments;
    private readonly string[] _languages;
    private readonly bool _requiresApproval;

    /// <summary>Makes a function.</summary>
    /// <param name="executor">Runs the code.</param>
    /// <param name="options">Null: the defaults.</param>
    public ExecuteCodeFunction(ICodeExecutor executor, ExecuteCodeFunctionOptions? options = null)
        : this(Use(executor), options)
    {
    }

    internal ExecuteCodeFunction(Func<CancellationToken, ValueTask<CodeSessionLease>> acquire, ExecuteCodeFunctionOptions? options)
    {
        options ??= new();
        if (options.Languages.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("A language's name must not be empty.", nameof(options));
        }

        _acquire = acquire;
        _attachments = options.Attachments;
        _languages = [.. options.Languages];
        _requiresApproval = options.RequiresApproval;
        Name = options.Name ?? (_languages.Length == 1 ? "execute_" + string.Concat(_languages[0].Select(NameChar)) : "execute_code");
        Description = options.Description ?? CodeCall.Describe(_languages);
        JsonSchema = CodeCall.Schema(_languages);
    }

    private ExecuteCodeFunction(ExecuteCodeFunction like, Func<CancellationToken, ValueTask<CodeSessionLease>> acquire)
    {
        _acquire = acquire;
        _attachments = like._attachments;
        _languages = like._languages;
        _requiresApproval = like._requiresApproval;
        Name = like.Name;
        Description = like.Description;
        JsonSchema = like.JsonSchema;
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override JsonElement JsonSchema { get; }

    /// <summary>Makes a function, one that needs approval where <see cref="ExecuteCodeFunctionOptions.RequiresApproval"/> says
    /// so.</summary>
    /// <param name="executor">Runs the code.</param>
    /// <param name="options">Null: the defaults.</param>
    public static AIFunction Create(ICodeExecutor executor, ExecuteCodeFunctionOptions? options = null) =>
        new ExecuteCodeFunction(executor, options).WithApproval();

    /// <summary>The same function over another executor.</summary>
    internal ExecuteCodeFunction Over(Func<CancellationToken, ValueTask<CodeSessionLease>> acquire) => new(this, acquire);

    /// <summary>The function as it is to be offered.</summary>
    internal AIFunction WithApproval() => _requiresApproval ? new ApprovalRequiredAIFunction(this) : this;

    /// <inheritdoc/>
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        if (!CodeCall.TryRead(arguments, _languages, out CodeBlock given, out string error))
        {
            return error;
        }

        CodeSessionLease lease = await _acquire(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            if (!CodeCall.TryTake(given, _languages, LanguageRegistry.Of(lease.Executor), _requiresApproval, out CodeBlock block, out error))
            {
                return error;
            }

            CodeResult result = await lease.Executor.ExecuteCodeBlocksAsync([block], cancellationToken).ConfigureAwait(false);
            List<DataContent> data = await Attachments.ReadAsync(
                result, lease.Executor.Workspace, _attachments, cancellationToken).ConfigureAwait(false);
            string text = result.FormatForModel();
            return data.Count == 0 ? text : new List<AIContent> { new TextContent(text) }.Concat(data).ToList();
        }
    }

    /// <summary>Services take no other characters in a function's name.</summary>
    private static char NameChar(char c) => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '_';

    private static Func<CancellationToken, ValueTask<CodeSessionLease>> Use(ICodeExecutor executor)
    {
        ArgumentNullException.ThrowIfNull(executor);
        return cancellationToken => CodeSessionLease.OfAsync(executor, cancellationToken);
    }
}
