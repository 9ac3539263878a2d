namespace Glovebox.Cli.Output;

/// <summary>Shows a run to whoever reads the tool's output.</summary>
internal interface IRunOutput
{
    void Show(CodeExecutionUpdate update);

    void Finish(CodeResult result, string executor);
}
