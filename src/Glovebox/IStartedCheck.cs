namespace Glovebox;

/// <summary>A service of executors: whether they would run now. A decorator that has something to do before it hands blocks on asks first,
/// because a wrong call is told at the call.</summary>
internal interface IStartedCheck
{
    /// <exception cref="InvalidOperationException">The executor is not started.</exception>
    /// <exception cref="ObjectDisposedException">The executor is disposed.</exception>
    void ThrowIfNotStarted();
}
