namespace Glovebox.Execution;

/// <summary>The sandbox's files, for as long as the executor is started.</summary>
/// <param name="files">Gives the files of the sandbox that runs now, or throws.</param>
internal sealed class StartedWorkspace(Func<CancellationToken, Task<IWorkspace>> files) : IWorkspace
{
    public async Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken) =>
        await (await files(cancellationToken).ConfigureAwait(false)).ListAsync(cancellationToken).ConfigureAwait(false);

    public async Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken)
    {
        string normalized = WorkspacePath.Normalize(path);
        return await (
            await files(cancellationToken).ConfigureAwait(false)).OpenReadAsync(normalized, cancellationToken).ConfigureAwait(false);
    }

    public async Task WriteAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        string normalized = WorkspacePath.Normalize(path);
        await (
            await files(cancellationToken).ConfigureAwait(false)).WriteAsync(normalized, content, cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> DeleteAsync(string path, CancellationToken cancellationToken)
    {
        string normalized = WorkspacePath.Normalize(path);
        return await (
            await files(cancellationToken).ConfigureAwait(false)).DeleteAsync(normalized, cancellationToken).ConfigureAwait(false);
    }
}
