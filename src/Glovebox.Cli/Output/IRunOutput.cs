namespace Glovebox.Cli.Output;

/// <summary>Shows a run on the tool's output. Disposed when the run is over, however it ended.</summary>
internal interface IRunOutput : IDisposable
{
    /// <summary>Shows what happened, at once.</summary>
    void Show(CodeExecutionUpdate update);

    /// <summary>Shows what there is to say when all is over.</summary>
    void Finish(CodeResult result);
}
