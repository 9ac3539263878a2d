namespace Glovebox.Cli.Output;

/// <summary>Shows a run on the tool's output. Disposed when the run is over, however it ended.</summary>
internal interface IRunOutput : IDisposable
{
    /// <summary>Shows an update at once.</summary>
    void Show(CodeExecutionUpdate update);

    /// <summary>Shows the summary of a run that has ended.</summary>
    /// <param name="result">The result.</param>
    /// <param name="refusals">What programs wanted to reach, and did not; null: there was no list.</param>
    void Finish(CodeResult result, Refusals? refusals);
}
