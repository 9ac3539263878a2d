namespace Glovebox.Tests.Common;

/// <summary>The checkout that the tests were built from.</summary>
public static class Repository
{
    private static readonly Lazy<string> Root = new(() =>
    {
        string? at = AppContext.BaseDirectory;
        while (at is not null && !System.IO.File.Exists(Path.Combine(at, "Glovebox.slnx")))
        {
            at = Path.GetDirectoryName(at);
        }

        return at ?? throw new DirectoryNotFoundException($"No folder above '{AppContext.BaseDirectory}' holds Glovebox.slnx.");
    });

    /// <summary>The absolute path of a file or folder of the repository.</summary>
    public static string File(string path) => Path.Combine(Root.Value, path);
}
