namespace Glovebox;

/// <summary>A service of executors: what a decorator has to know of them before it hands blocks on.</summary>
internal interface IExecutorState
{
    /// <summary>Gets the kind of sandbox, started or not.</summary>
    string Kind { get; }

    /// <summary>Tells of a wrong call at the call.</summary>
    /// <exception cref="InvalidOperationException">The executor is stopped.</exception>
    /// <exception cref="ObjectDisposedException">The executor is disposed.</exception>
    void ThrowIfStopped();
}
