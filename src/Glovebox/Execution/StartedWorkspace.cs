using Glovebox.Languages;

namespace Glovebox.Execution;

/// <summary>The sandbox's files, for as long as the executor is started. Temporary code files are not listed.</summary>
/// <param name="files">Gives the files of the sandbox that runs now, or throws.</param>
internal sealed class StartedWorkspace(Func<CancellationToken, Task<IWorkspace>> files) : IWorkspace
{
    public Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken) =>
        UseAsync(async f => WithoutCode(await f.ListAsync(cancellationToken).ConfigureAwait(false)), cancellationToken);

    /// <summary>Leaves out what holds the code of blocks, of another executor in the same directory too. A name is all that tells, and
    /// guest code can give it to any file; so a mark that is a warning is never hidden.</summary>
    public static WorkspaceListing WithoutCode(WorkspaceListing listing) => listing.Files.Any(IsCode)
        ? new WorkspaceListing([.. listing.Files.Where(f => !IsCode(f))], listing.IsComplete)
        : listing;

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

    private static bool IsCode(WorkspaceFile file) => !file.HasSetIdBits && CodeFileName.IsTemporaryName(file.Path);

    private async Task<T> UseAsync<T>(Func<IWorkspace, Task<T>> use, CancellationToken cancellationToken) =>
        await use(await files(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
}
