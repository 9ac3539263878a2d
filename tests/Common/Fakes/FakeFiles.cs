using System.Text;

namespace Glovebox.Tests.Common.Fakes;

/// <summary>A work directory in memory.</summary>
public sealed class FakeFiles : IWorkspace, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, File> _files = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _changes;

    /// <summary>Called before each use by the host: <c>list</c>, <c>read</c>, <c>write</c> or <c>delete</c>, and the path. It may
    /// throw.</summary>
    public Action<string, string> Using { get; set; } = (_, _) => { };

    public IReadOnlyList<string> Names
    {
        get
        {
            lock (_lock)
            {
                return [.. _files.Keys];
            }
        }
    }

    /// <summary>Gets the bytes of a file; null when there is none.</summary>
    public byte[]? Find(string path)
    {
        lock (_lock)
        {
            return _files.GetValueOrDefault(path)?.Bytes;
        }
    }

    /// <summary>Writes a file as guest code does.</summary>
    public void Put(string path, byte[] bytes)
    {
        lock (_lock)
        {
            _files[path] = new File(bytes, ++_changes);
            Tell();
        }
    }

    public void Put(string path, string text) => Put(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Deletes a file as guest code does.</summary>
    public bool Remove(string path)
    {
        lock (_lock)
        {
            return _files.Remove(path);
        }
    }

    /// <summary>Waits until there is a file of that name.</summary>
    public async Task AppearsAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_files.ContainsKey(path))
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    public Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            Using("list", "");
            return Task.FromResult(new WorkspaceListing(
                [.. _files.Select(f => new WorkspaceFile(f.Key, f.Value.Bytes.Length, default) { ChangeStamp = f.Value.Stamp })],
                isComplete: true));
        }
    }

    public Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Using("read", path);
        return Task.FromResult<Stream>(
            new MemoryStream(Find(WorkspacePath.Normalize(path)) ?? throw WorkspacePath.NotFound(path), writable: false));
    }

    public async Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default)
    {
        using MemoryStream copy = new();
        await content.CopyToAsync(copy, cancellationToken);
        Using("write", path);
        Put(WorkspacePath.Normalize(path), copy.ToArray());
    }

    public Task<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Using("delete", path);
        return Task.FromResult(Remove(WorkspacePath.Normalize(path)));
    }

    public ValueTask DisposeAsync() => default;

    private void Tell()
    {
        _changed.TrySetResult();
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed record File(byte[] Bytes, long Stamp);
}
