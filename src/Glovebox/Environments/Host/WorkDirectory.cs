namespace Glovebox.Environments.Host;

/// <summary>The work directory on the host: the caller's, or a temporary one of our own.</summary>
internal sealed class WorkDirectory(string? path)
{
    private readonly string? _given = path is null ? null : System.IO.Path.GetFullPath(path);
    private string? _own;

    /// <summary>Whether we made it, so that we may choose its owner.</summary>
    public bool IsMade { get; private set; }

    /// <summary>The absolute path, once <see cref="Create"/> was called.</summary>
    public string Path => _given ?? _own ?? throw new InvalidOperationException("The environment is not started.");

    /// <summary>Makes the directory when it is missing.</summary>
    /// <exception cref="EnvironmentUnavailableException">It cannot be made, or is a file.</exception>
    public void Create()
    {
        if (_given is null)
        {
            _own ??= TemporaryFolders.Create("work");
            IsMade = true;
            return;
        }

        if (File.Exists(_given))
        {
            throw Unusable("it is a file", null);
        }

        try
        {
            if (!Directory.Exists(_given))
            {
                Directory.CreateDirectory(_given);
                IsMade = true;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unusable(e.Message, e);
        }
    }

    /// <summary>Deletes the directory if it is ours.</summary>
    public async Task DeleteOwnedAsync()
    {
        if (_own is { } own)
        {
            _own = null;
            await TemporaryFolders.DeleteAsync(own).ConfigureAwait(false);
        }
    }

    public EnvironmentUnavailableException Unusable(string reason, Exception? cause) => new(
        "work-directory-unusable",
        $"The work directory '{_given}' cannot be used: {reason.TrimEnd('.')}.",
        "Name a directory that you may read and write, or none for a temporary one.",
        cause);
}
