namespace Glovebox.Cli.Output;

/// <summary>Output for programs: one JSON object when all is over.</summary>
internal sealed class JsonOutput(string executor) : IRunOutput
{
    public void Show(CodeExecutionUpdate update)
    {
    }

    public void Finish(CodeResult result, Refusals? refusals) =>
        StandardStream.Output.Write(JsonReport.Of(result, executor, refusals).ToJson() + "\n");

    public void Dispose()
    {
    }
}
