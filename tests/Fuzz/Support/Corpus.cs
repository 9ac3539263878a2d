namespace Glovebox.Tests.Fuzz.Support;

/// <summary>What real agents, guest programs and kernels have sent. See the README beside the files.</summary>
internal static class Corpus
{
    /// <summary>What agents sent on their channels.</summary>
    public static byte[][] FromAgent { get; } = Read("agent-*.bin");

    /// <summary>What the supervisor of interpreters sent on its connection.</summary>
    public static byte[][] FromSupervisor { get; } = Read("supervisor-*.bin");

    /// <summary>What guest programs sent to the socket for calls.</summary>
    public static byte[][] Calls { get; } = Read("calls-*.bin");

    /// <summary>Messages of kernels, each a file.</summary>
    public static byte[][] Kernel { get; } = Read("kernel-*.bin");

    private static byte[][] Read(string pattern) =>
        [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Corpus"), pattern)
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}
