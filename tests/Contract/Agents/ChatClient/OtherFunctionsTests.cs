using Glovebox.Tests.Common.Agents;
using static Glovebox.Tests.Contract.Agents.ChatClient.CodeInterpreterChatClientTests;
using static Glovebox.Tests.Contract.Agents.ChatClient.ConversationTests;
using static Glovebox.Tests.Common.Agents.ScriptedChatClient;

namespace Glovebox.Tests.Contract.Agents.ChatClient;

/// <summary>The interpreter next to functions that a <see cref="FunctionInvokingChatClient"/> calls, outside of it and within.</summary>
public sealed class OtherFunctionsTests
{
    private readonly List<string> _called = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Both_are_called_in_one_answer_and_in_turn(bool outside, bool streaming)
    {
        using ScriptedChatClient model = new(
            _ => Answers(Call("1", "print('both')"), new FunctionCallContent("2", "weather", new Dictionary<string, object?> { ["city"] = "Ulm" })),
            _ => Answers(Call("3", "print('alone')")),
            _ => Answers(new FunctionCallContent("4", "weather", new Dictionary<string, object?> { ["city"] = "Bonn" })),
            r => Says(string.Join(';', Results(r))));
        using IChatClient client = Build(model, outside);
        ChatOptions options = Options();
        ChatResponse response = streaming
            ? await client.GetStreamingResponseAsync("Go.", options, Ct).ToChatResponseAsync(Ct)
            : await client.GetResponseAsync("Go.", options, Ct);

        Assert.Equal(["Ulm", "Bonn"], _called);
        Assert.Equal(
            ["1=Exit code: 0\nOutput:\nboth\n", "2=Rain in Ulm", "3=Exit code: 0\nOutput:\nalone\n", "4=Rain in Bonn"],
            response.Messages[^1].Text.Split(';').Order(StringComparer.Ordinal));
        Assert.Equal(["1", "3"], response.Messages.SelectMany(m => m.Contents).OfType<CodeInterpreterToolCallContent>().Select(c => c.CallId));
        Assert.Equal(["Exit code: 0\nOutput:\nboth\n", "Exit code: 0\nOutput:\nalone\n"], Outputs(response));
        Assert.Equal(["2", "4"], response.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>().Select(c => c.CallId));
        Assert.DoesNotContain(response.Messages.SelectMany(m => m.Contents), c => c is FunctionCallContent { Name: "code_interpreter" });
    }

    [Theory]
    [InlineData(true, "print(1)", "Exit code: 0\nOutput:\n1\n")]
    [InlineData(false, "print(1)", "Exit code: 0\nOutput:\n1\n")]
    [InlineData(false, "", "Nothing was run: the argument 'code' is missing. Give the whole source text as a string.")]
    public async Task A_service_that_keeps_the_history_gets_the_results_of_both_together(bool streaming, string code, string result)
    {
        using ScriptedChatClient model = new(
            _ =>
            {
                ChatResponse answer = Answers(Call("1", code), new FunctionCallContent("2", "weather", new Dictionary<string, object?> { ["city"] = "Ulm" }));
                answer.ConversationId = "kept";
                return answer;
            },
            r => Says(string.Join(';', Results(r))));
        using IChatClient client = Build(model, outside: true);
        ChatOptions options = Options();
        ChatResponse response = streaming
            ? await client.GetStreamingResponseAsync("Go.", options, Ct).ToChatResponseAsync(Ct)
            : await client.GetResponseAsync("Go.", options, Ct);
        Assert.Equal($"1={result};2=Rain in Ulm", response.Messages[^1].Text);
        Assert.Equal("kept", model.Requests[1].Options!.ConversationId);
    }

    [Fact]
    public async Task Data_reaches_the_caller_past_a_client_within_that_calls_functions()
    {
        using ScriptedChatClient model = new(_ => Interprets(Pixel.Save("plot.png")), _ => Says("A plot."));
        using IChatClient client = Build(model, outside: false);
        ChatResponse response = await client.GetResponseAsync("Plot.", Options(), Ct);
        CodeInterpreterToolResultContent result = response.Messages.SelectMany(m => m.Contents).OfType<CodeInterpreterToolResultContent>().Single();
        Assert.Equal("plot.png", Assert.Single(result.Outputs!.OfType<DataContent>()).Name);
    }

    private static IEnumerable<string> Results(ScriptedRequest request) =>
        request.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>().Select(r => $"{r.CallId}={r.Result}");

    private static IChatClient Build(ScriptedChatClient model, bool outside)
    {
        ChatClientBuilder builder = model.AsBuilder();
        return outside
            ? builder.UseFunctionInvocation().UseCodeInterpreter(AgentSandboxes.Create).Build()
            : builder.UseCodeInterpreter(AgentSandboxes.Create).UseFunctionInvocation().Build();
    }

    private ChatOptions Options()
    {
        ChatOptions options = Interpreter();
        options.Tools!.Add(AIFunctionFactory.Create(
            (string city) =>
            {
                _called.Add(city);
                return $"Rain in {city}";
            },
            "weather"));
        return options;
    }
}
