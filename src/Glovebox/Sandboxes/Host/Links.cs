namespace Glovebox.Sandboxes.Host;

/// <summary>Symbolic links of the host.</summary>
internal static class Links
{
    /// <summary>Where a chain of links ends; a path that is no link, or leads nowhere, is its own end.</summary>
    public static string EndOf(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            return path;
        }
    }
}
