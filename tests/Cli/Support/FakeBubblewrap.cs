namespace Glovebox.Tests.Cli.Support;

/// <summary>A <c>bwrap</c> that says its version and makes no sandbox.</summary>
internal sealed class FakeBubblewrap : IDisposable
{
    private readonly TestFolder _folder = new();

    /// <param name="version">What it says.</param>
    /// <param name="error">What it says of a sandbox.</param>
    public FakeBubblewrap(string version, string error)
    {
        File.WriteAllText(_folder["bwrap"], $"""
            #!/bin/sh
            [ "$1" = --version ] && echo "bubblewrap {version}" && exit
            echo "{error}" >&2
            exit 1

            """);
        if (!OperatingSystem.IsWindows())
        {
            // Started by root, it runs as another user.
            const UnixFileMode all = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
            File.SetUnixFileMode(_folder["bwrap"], all);
            File.SetUnixFileMode(_folder.Path, all);
        }
    }

    /// <summary>The folder that it is in, to be PATH.</summary>
    public string Path => _folder.Path;

    public void Dispose() => _folder.Dispose();
}
