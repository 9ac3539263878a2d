using Glovebox.Audit;
using Glovebox.Middleware;

namespace Glovebox.Cli.Audit;

/// <summary>The audit that was asked for.</summary>
/// <param name="File">Its file.</param>
/// <param name="Contents">What it keeps beyond hashes and sizes: <c>code</c>, <c>output</c>, <c>arguments</c>.</param>
/// <param name="KeyFile">The file of its key, or null.</param>
internal sealed record AuditRequest(string File, IReadOnlyList<string> Contents, string? KeyFile)
{
    private static readonly AsyncLocal<string?> Session = new();

    /// <summary>Names the session for what the calling method runs from here on.</summary>
    public static void Enter(string session) => Session.Value = session;

    /// <param name="workDir">The work directory, or null.</param>
    /// <exception cref="AuditException">The file cannot be written.</exception>
    /// <exception cref="CliException">The key cannot be read, or the file is where guest code may write.</exception>
    public FileAuditSink Open(string? workDir)
    {
        if (workDir is not null && Path.GetFullPath(File).StartsWith(Below(workDir), StringComparison.Ordinal))
        {
            throw CliException.Usage("--audit names a file in the work directory, where the programs may write.", "Name one elsewhere.");
        }

        ReadOnlyMemory<byte> key = KeyFile is null ? default(ReadOnlyMemory<byte>) : AuditArguments.ReadKey(KeyFile, "--audit-key");
        return new(File, new() { Key = key });
    }

    public void Configure(AuditOptions options)
    {
        options.Who = () => Session.Value is { } session ? $"{Environment.UserName}, session {session}" : Environment.UserName;
        options.IncludesCode = Contents.Contains("code");
        options.IncludesOutput = Contents.Contains("output");
        options.IncludesArguments = Contents.Contains("arguments");
    }

    /// <summary>What begins the path of all that is in a folder. The path of the audit itself leads through no link.</summary>
    private static string Below(string folder) =>
        Path.TrimEndingDirectorySeparator(WithoutLinks(Path.GetFullPath(folder))) + Path.DirectorySeparatorChar;

    private static string WithoutLinks(string path)
    {
        if (Path.GetDirectoryName(path) is not { } parent)
        {
            return path;
        }

        string real = Path.Combine(WithoutLinks(parent), Path.GetFileName(path));
        try
        {
            return new DirectoryInfo(real).ResolveLinkTarget(returnFinalTarget: true) is { } target ? WithoutLinks(target.FullName) : real;
        }
        catch (IOException)
        {
            // Links that lead in a circle, of which the executor tells.
            return real;
        }
    }
}
