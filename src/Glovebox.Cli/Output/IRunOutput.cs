namespace Glovebox.Cli.Output;

/// <summary>Shows a run on the tool's output. Disposed when the run is over, however it ended.</summary>
internal interface IRunOutput : IDisposable
{
    /// <summary>Shows an update at once.</summary>
    void Show(CodeExecutionUpdate update);

    /// <summary>Shows the summary of a run that has ended.</summary>
    void Finish(CodeResult result);
}
