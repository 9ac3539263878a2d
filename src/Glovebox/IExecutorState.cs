namespace Glovebox;

/// <summary>A service of executors: what those who hand blocks to them have to know before.</summary>
internal interface IExecutorState
{
    /// <summary>Gets the kind of sandbox, started or not.</summary>
    string Kind { get; }

    /// <summary>Gets whether blocks share the state of a living interpreter.</summary>
    bool SharesState { get; }

    /// <summary>Gets whether guest code can call a host function that needs approval while the executor has nobody to ask: such calls are
    /// denied unless <see cref="CodeExecutionOptions.ApprovesFunctionCalls"/> is set.</summary>
    bool NeedsApproval { get; }

    /// <summary>Tells of a wrong call at the call.</summary>
    /// <exception cref="InvalidOperationException">The executor is stopped.</exception>
    /// <exception cref="ObjectDisposedException">The executor is disposed.</exception>
    void ThrowIfStopped();
}
