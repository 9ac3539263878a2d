namespace Glovebox;

/// <summary>A service of executors: what those who hand blocks to them have to know before.</summary>
internal interface IExecutorState
{
    /// <summary>Gets the kind of sandbox, started or not.</summary>
    string Kind { get; }

    /// <summary>Gets whether blocks share the state of a living interpreter.</summary>
    bool SharesState { get; }

    /// <summary>Tells of a wrong call at the call.</summary>
    /// <exception cref="InvalidOperationException">The executor is stopped.</exception>
    /// <exception cref="ObjectDisposedException">The executor is disposed.</exception>
    void ThrowIfStopped();
}
