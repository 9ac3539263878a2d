namespace Glovebox.Sandboxes;

/// <summary>A signal, by the number that Linux gives it. Numbers without a name here can be used, too: <c>(ProcessSignal)64</c>.</summary>
public enum ProcessSignal
{
    /// <summary>SIGHUP: the terminal is gone.</summary>
    Hangup = 1,

    /// <summary>SIGINT: what Ctrl-C sends.</summary>
    Interrupt = 2,

    /// <summary>SIGQUIT: what Ctrl-\ sends.</summary>
    Quit = 3,

    /// <summary>SIGKILL: ends the process at once. What it started outside of its group lives on, unlike after
    /// <see cref="ISandboxProcess.Kill"/>.</summary>
    Kill = 9,

    /// <summary>SIGUSR1: what the program makes of it.</summary>
    User1 = 10,

    /// <summary>SIGUSR2: what the program makes of it.</summary>
    User2 = 12,

    /// <summary>SIGTERM: asks the program to end.</summary>
    Terminate = 15,

    /// <summary>SIGCONT: goes on after a stop.</summary>
    Continue = 18,

    /// <summary>SIGSTOP: stops until <see cref="Continue"/>.</summary>
    Stop = 19,

    /// <summary>SIGTSTP: what Ctrl-Z sends.</summary>
    TerminalStop = 20,

    /// <summary>SIGWINCH: the terminal has another size.</summary>
    WindowChanged = 28,
}
