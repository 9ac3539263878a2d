using System.Text.Json;
using Glovebox.Execution;
using Glovebox.Functions.Calls;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;

namespace Glovebox.Tests.Fuzz.Support;

/// <summary>Functions for hostile calls, which count what reaches them, and check it.</summary>
internal sealed class FuzzFunctions : IAsyncDisposable
{
    public const int MaxArgumentSize = 4 << 10;

    private readonly CallScope _scope;
    private int _approved;
    private int _running;

    public FuzzFunctions(HostFunctionLimits? limits = null, string message = "no")
    {
        Dictionary<string, AIFunction> functions = new(StringComparer.Ordinal)
        {
            ["add"] = new Checked(this, AddSchema, IsAddition),
            ["guarded"] = new ApprovalRequiredAIFunction(new Checked(this, AddSchema, a => IsAddition(a) && Interlocked.Decrement(ref _approved) >= 0)),
            ["open"] = new Checked(this, """{"type":"object"}""", _ => true),
            ["fails"] = new Checked(this, "{}", _ => throw new HostFunctionException(message)),
        };
        HostFunctionInvoker invoker = new(
            (context, _) =>
            {
                Asked++;
                if (Asked % 2 == 0)
                {
                    return ValueTask.FromResult(ApprovalDecision.Deny("no"));
                }

                Interlocked.Increment(ref _approved);
                return ValueTask.FromResult(ApprovalDecision.Approve());
            },
            NullLogger.Instance,
            TimeProvider.System);
        Server = new HostFunctionServer(functions, limits ?? new HostFunctionLimits { MaxArgumentSize = MaxArgumentSize }, invoker, TimeProvider.System);
        _scope = Server.Begin(new(0, new("python", ""), new(), Files: null, new OutputCollector(1 << 10, 0), CancellationToken.None));
    }

    public HostFunctionServer Server { get; }

    /// <summary>How many calls reached a function.</summary>
    public int Calls { get; private set; }

    /// <summary>How often approval was asked for.</summary>
    public int Asked { get; private set; }

    /// <summary>What reached a function and should not have.</summary>
    public string? Wrong { get; private set; }

    private static string AddSchema =>
        """
        {"type":"object","properties":{"a":{"type":"integer"},"b":{"type":["integer","null"]},"text":{"type":"string"}},
        "required":["a"],"additionalProperties":false}
        """;

    public async ValueTask DisposeAsync()
    {
        await _scope.DisposeAsync();
        Server.Dispose();
    }

    private static bool IsAddition(AIFunctionArguments arguments) =>
        arguments.Keys.All(k => k is "a" or "b" or "text")
        && arguments.TryGetValue("a", out object? a) && IsInteger(a)
        && (!arguments.TryGetValue("b", out object? b) || IsInteger(b) || b is JsonElement { ValueKind: JsonValueKind.Null })
        && (!arguments.TryGetValue("text", out object? text) || text is JsonElement { ValueKind: JsonValueKind.String });

    private static bool IsInteger(object? value) =>
        value is JsonElement { ValueKind: JsonValueKind.Number } number && number.GetRawText().All(c => c is '-' or (>= '0' and <= '9'));

    /// <summary>Reads every text in a value, as a function would.</summary>
    private static void ReadAll(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement element in value.EnumerateArray())
                {
                    ReadAll(element);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject())
                {
                    _ = property.Name;
                    ReadAll(property.Value);
                }

                break;
        }
    }

    private sealed class Checked(FuzzFunctions owner, string schema, Func<AIFunctionArguments, bool> isAllowed) : AIFunction
    {
        public override JsonElement JsonSchema { get; } = JsonElement.Parse(schema);

        protected override ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
        {
            owner.Calls++;
            if (Interlocked.Increment(ref owner._running) > owner.Server.Limits.MaxConcurrentCalls)
            {
                owner.Wrong = "more calls at once than the limit";
            }

            try
            {
                if (!isAllowed(arguments))
                {
                    string given = string.Join(", ", arguments.Select(a => $"{a.Key}={a.Value}"));
                    owner.Wrong = $"arguments that the schema does not allow, or a call that was not approved: {given}";
                }

                foreach (object? value in arguments.Values)
                {
                    ReadAll((JsonElement)value!);
                }

                return ValueTask.FromResult<object?>(arguments.Count);
            }
            catch (InvalidOperationException)
            {
                owner.Wrong = "a text that is no text";
                return ValueTask.FromResult<object?>(null);
            }
            finally
            {
                Interlocked.Decrement(ref owner._running);
            }
        }
    }
}
