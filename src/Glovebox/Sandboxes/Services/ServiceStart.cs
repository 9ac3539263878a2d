namespace Glovebox.Sandboxes.Services;

/// <summary>The start of a program of ours in a sandbox.</summary>
internal static class ServiceStart
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Waits for something that a program does at its start.</summary>
    /// <param name="done">What it does.</param>
    /// <param name="process">Its process. Ended when it does not do it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="name">What it is, with its article.</param>
    /// <param name="code">What begins the codes of errors.</param>
    /// <param name="needsPython">The error where there is no Python.</param>
    /// <param name="errors">What it printed.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SandboxUnavailableException">It does not.</exception>
    public static async Task WaitAsync(
        Task done,
        ISandboxProcess process,
        TimeProvider time,
        string name,
        string code,
        SandboxUnavailableException needsPython,
        BoundedText errors,
        CancellationToken cancellationToken)
    {
        try
        {
            await Task.WhenAny(done, process.Ended).WaitAsync(Longest, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Unavailable($"it was not ready after {Longest.TotalSeconds:0} s");
        }

        if (!done.IsCompletedSuccessfully)
        {
            // It may run on, when the connection to it failed or the start was given up.
            cancellationToken.ThrowIfCancellationRequested();
            process.Kill();
            ProcessExit exit = await process.Ended.ConfigureAwait(false);
            throw exit.Kind == ProcessExitKind.NotFound ? needsPython
                : exit.Kind == ProcessExitKind.OutOfMemory ? Unavailable("it ran out of memory")
                : Unavailable($"it ended with exit code {exit.ExitCode}");
        }

        SandboxUnavailableException Unavailable(string what) => new(
            $"{code}-failed", $"{name} does not start: {what}.{Last(errors)}", "See what it says, or raise the limits of Policy.");
    }

    /// <summary>The last lines that a program printed, for the end of a message.</summary>
    public static string Last(BoundedText errors) => string.Concat(errors.LastLines(5).Select(l => "\n  " + l));
}
