namespace Glovebox.Sandboxes.Host;

/// <summary>The PID namespace of this process: a process id means something only together with it.</summary>
internal static class PidNamespace
{
    /// <summary>Its number, in digits; 0 where the system has no such namespaces, or the number cannot be read.</summary>
    public static string Id { get; } = Find();

    private static string Find()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "0";
        }

        try
        {
            // "pid:[4026531836]"
            string number = string.Concat((new FileInfo("/proc/self/ns/pid").LinkTarget ?? "").Where(char.IsAsciiDigit));
            return number.Length == 0 ? "0" : number;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "0";
        }
    }
}
