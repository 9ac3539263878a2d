using System.Runtime.InteropServices;

namespace Glovebox.Cli.Output;

/// <summary>The abilities of the terminal on standard output.</summary>
/// <param name="HasColour">Whether it shows colours and the user wants them.</param>
/// <param name="HasUnicode">Whether it shows more than ASCII.</param>
internal sealed partial record TerminalTraits(bool HasColour, bool HasUnicode)
{
    private const int DefaultWidth = 80;

    /// <summary>The first that is set decides.</summary>
    private static readonly string[] LocaleVariables = ["LC_ALL", "LC_CTYPE", "LANG"];

    public static TerminalTraits Detect(Func<string, string?> variable) => new(
        HasColour: variable("NO_COLOR") is null or ""
            && variable("TERM") != "dumb"
            && (!OperatingSystem.IsWindows() || variable("WT_SESSION") is not null),
        HasUnicode: OperatingSystem.IsWindows() || IsUtf8(LocaleVariables.Select(variable).FirstOrDefault(v => !string.IsNullOrEmpty(v))));

    /// <summary>Gets its columns at this moment.</summary>
    public static int Width()
    {
        if (!OperatingSystem.IsLinux())
        {
            return Console.WindowWidth is > 0 and int width ? width : DefaultWidth;
        }

        // By hand, because Console.WindowWidth sends control sequences of its own to the terminal.
        ulong request = RuntimeInformation.ProcessArchitecture == Architecture.Ppc64le ? 0x40087468UL : 0x5413UL;
        return Control(1, (nuint)request, out WindowSize size) == 0 && size.Columns > 0 ? size.Columns : DefaultWidth;
    }

    private static bool IsUtf8(string? locale) => locale is not null
        && (locale.Contains("UTF-8", StringComparison.OrdinalIgnoreCase) || locale.Contains("UTF8", StringComparison.OrdinalIgnoreCase));

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int descriptor, nuint request, out WindowSize size);

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public uint Pixels;
    }
}
