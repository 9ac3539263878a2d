using System.Text;
using Glovebox.Agents.Functions;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.ChatClient;

/// <summary>The two forms of a call and its result: a function's, towards the model, and the interpreter's, towards the caller.</summary>
internal static class CodeInterpreterContents
{
    private const string LanguageProperty = "language";

    public static bool IsInterpreter(AIContent content) => content is CodeInterpreterToolCallContent or CodeInterpreterToolResultContent;

    public static CodeInterpreterToolCallContent ToInterpreterCall(FunctionCallContent call, CodeCall arguments)
    {
        arguments.TryRead(call.Arguments, out CodeBlock block, out _);
        return new CodeInterpreterToolCallContent(call.CallId) { Inputs = [ToData(block)] };
    }

    public static DataContent ToData(CodeBlock block, string? name = null)
    {
        string mediaType = block.Language.Equals("python", StringComparison.OrdinalIgnoreCase) ? "text/x-python" : "text/plain";
        return new DataContent(Encoding.UTF8.GetBytes(block.Code), mediaType)
        {
            Name = name,
            AdditionalProperties = new() { [LanguageProperty] = block.Language },
        };
    }

    /// <summary>Writes a history that a caller replays as the model saw it: each of the interpreter's results as a function's, in a message
    /// of its own after the call.</summary>
    public static List<ChatMessage> ToModelHistory(IEnumerable<ChatMessage> messages, string functionName, CodeCall arguments)
    {
        List<ChatMessage> history = [];
        foreach (ChatMessage message in messages)
        {
            if (message.Contents.Any(IsInterpreter))
            {
                AddSplit(history, message, functionName, arguments);
            }
            else
            {
                history.Add(message);
            }
        }

        AnswerOpenCalls(history, functionName);
        return history;
    }

    private static FunctionCallContent ToFunctionCall(CodeInterpreterToolCallContent call, string functionName, CodeCall arguments)
    {
        if (call.Inputs?.OfType<DataContent>().FirstOrDefault(d => d.HasTopLevelMediaType("text")) is not { } code)
        {
            return new FunctionCallContent(call.CallId, functionName, new Dictionary<string, object?>());
        }

        string language = code.AdditionalProperties?.GetValueOrDefault(LanguageProperty)?.ToString() ?? "python";
        CodeBlock block = new(language, Encoding.UTF8.GetString(code.Data.Span));
        return new FunctionCallContent(call.CallId, functionName, arguments.Write(block));
    }

    private static FunctionResultContent ToFunctionResult(CodeInterpreterToolResultContent result) =>
        new(result.CallId, string.Concat(result.Outputs?.OfType<TextContent>().Select(t => t.Text) ?? []));

    private static void AddSplit(List<ChatMessage> history, ChatMessage message, string functionName, CodeCall arguments)
    {
        ChatMessage? part = null;
        foreach (AIContent content in message.Contents)
        {
            (ChatRole role, AIContent translated) = content switch
            {
                CodeInterpreterToolCallContent call => (message.Role, ToFunctionCall(call, functionName, arguments)),
                CodeInterpreterToolResultContent result => (ChatRole.Tool, ToFunctionResult(result)),
                _ => (message.Role, content),
            };
            if (part is null || part.Role != role)
            {
                part = message.Clone();
                part.Role = role;
                part.Contents = [];
                part.MessageId = role == message.Role ? message.MessageId : null;
                history.Add(part);
            }

            part.Contents.Add(translated);
        }
    }

    /// <summary>Answers the calls of runs that were cancelled: services refuse a call without a result.</summary>
    private static void AnswerOpenCalls(List<ChatMessage> history, string functionName)
    {
        HashSet<string> answered = [.. history.SelectMany(m => m.Contents).OfType<FunctionResultContent>().Select(r => r.CallId)];
        for (int i = history.Count - 1; i >= 0; i--)
        {
            List<AIContent> open = [.. history[i].Contents.OfType<FunctionCallContent>()
                .Where(c => c.Name == functionName && !answered.Contains(c.CallId))
                .Select(c => new FunctionResultContent(c.CallId, "The run was ended before it had a result."))];
            if (open.Count > 0)
            {
                history.Insert(i + 1, new ChatMessage(ChatRole.Tool, open));
            }
        }
    }
}
