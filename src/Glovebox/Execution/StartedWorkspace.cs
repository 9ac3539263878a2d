namespace Glovebox.Execution;

/// <summary>The sandbox's files, for as long as the executor is started.</summary>
/// <param name="files">Gives the files of the sandbox that runs now, or throws.</param>
internal sealed class StartedWorkspace(Func<CancellationToken, Task<IWorkspace>> files) : IWorkspace
{
    public Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken) =>
        UseAsync(f => f.ListAsync(cancellationToken), cancellationToken);

    public Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken) =>
        UseAsync(f => f.OpenReadAsync(WorkspacePath.Normalize(path), cancellationToken), cancellationToken);

    public Task WriteAsync(string path, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        return UseAsync(
            async f =>
            {
                await f.WriteAsync(WorkspacePath.Normalize(path), content, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken);
    }

    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken) =>
        UseAsync(f => f.DeleteAsync(WorkspacePath.Normalize(path), cancellationToken), cancellationToken);

    private async Task<T> UseAsync<T>(Func<IWorkspace, Task<T>> use, CancellationToken cancellationToken) =>
        await use(await files(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
}
