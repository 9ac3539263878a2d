namespace Glovebox.Sandboxes;

/// <summary>Enters a directory and becomes a program there, where no call does the first.</summary>
internal static class DirectoryShell
{
    /// <summary>Gives what comes before the program and its arguments. A directory that cannot be entered is exit code 126.</summary>
    public static string[] Enter(string directory) =>
        ["/bin/sh", "-c", "cd \"$1\" || exit 126; shift; exec \"$@\"", "sh", directory.StartsWith('-') ? "./" + directory : directory];
}
