using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Glovebox.Jupyter.Client;

namespace Glovebox.Jupyter.Servers;

/// <summary>The files of a Jupyter server at a URL, below its root. A Kernel Gateway offers none.</summary>
/// <remarks>The server walks the paths, and follows links: what it may read and write is the server's to say.</remarks>
internal sealed class RemoteWorkspace(JupyterClient client) : IWorkspace
{
    private const string Folder = "directory";
    private const string File = "file";

    public async Task<WorkspaceListing> ListAsync(CancellationToken cancellationToken = default)
    {
        List<WorkspaceFile> files = [];
        Queue<(string Path, int Depth)> folders = new([("", 0)]);
        int left = WorkspaceListing.MaxFiles;
        bool isComplete = true;
        while (folders.TryDequeue(out (string Path, int Depth) folder))
        {
            ContentModel? model = await GetAsync(folder.Path, "?content=1&type=directory", cancellationToken).ConfigureAwait(false);
            foreach (ContentModel entry in Entries(model))
            {
                if (left-- == 0)
                {
                    folders.Clear();
                    isComplete = false;
                    break;
                }

                if (entry.Path is null)
                {
                    continue;
                }

                if (entry.Type != Folder)
                {
                    files.Add(new WorkspaceFile(EscapedPath.FromText(entry.Path), entry.Size ?? 0, entry.LastModified ?? default));
                }
                else if (folder.Depth == WorkspaceListing.MaxDepth)
                {
                    isComplete = false;
                }
                else
                {
                    folders.Enqueue((entry.Path, folder.Depth + 1));
                }
            }
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new WorkspaceListing(files, isComplete);
    }

    public async Task<Stream> OpenReadAsync(string path, CancellationToken cancellationToken = default)
    {
        string name = EscapedPath.ToText(WorkspacePath.Normalize(path));
        ContentModel model = await GetAsync(
            name, "?content=1&type=file&format=base64", cancellationToken).ConfigureAwait(false) ?? throw WorkspacePath.NotFound(path);
        try
        {
            return new MemoryStream(model.Content?.GetBytesFromBase64() ?? throw WorkspacePath.NotFound(path), writable: false);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            throw new WorkspaceException(
                $"'{WorkspacePath.Printable(path)}' cannot be read: the server's answer is malformed.", innerException: e);
        }
    }

    public async Task WriteAsync(string path, Stream content, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(content);
        string name = EscapedPath.ToText(WorkspacePath.Normalize(path));
        using MemoryStream copy = new();
        await content.CopyToAsync(copy, cancellationToken).ConfigureAwait(false);
        for (int at = name.IndexOf('/'); at >= 0; at = name.IndexOf('/', at + 1))
        {
            string folder = name[..at];
            if (await GetAsync(folder, "?content=0", cancellationToken).ConfigureAwait(false) is null)
            {
                await PutAsync(folder, new ContentUpload(Folder, null, null), cancellationToken).ConfigureAwait(false);
            }
        }

        await PutAsync(
            name,
            new ContentUpload(File, "base64", Convert.ToBase64String(copy.GetBuffer(), 0, (int)copy.Length)),
            cancellationToken).ConfigureAwait(false);
    }

    public async Task<bool> DeleteAsync(string path, CancellationToken cancellationToken = default)
    {
        string name = EscapedPath.ToText(WorkspacePath.Normalize(path));
        using HttpResponseMessage response = await client.SendAsync(
            HttpMethod.Delete, Address(name), null, cancellationToken).ConfigureAwait(false);
        return response.StatusCode != HttpStatusCode.NotFound
            && (response.IsSuccessStatusCode ? true : throw Failure(path, response));
    }

    private static IEnumerable<ContentModel> Entries(ContentModel? folder)
    {
        if (folder?.Content is not { ValueKind: JsonValueKind.Array } entries)
        {
            return [];
        }

        try
        {
            return [.. entries.EnumerateArray().Select(e => e.Deserialize(JupyterJson.Default.ContentModel)!)];
        }
        catch (JsonException e)
        {
            throw new WorkspaceException("The files of the Jupyter server cannot be listed: the answer is malformed.", innerException: e);
        }
    }

    /// <summary>Gets a file or folder; null when there is none.</summary>
    private async Task<ContentModel?> GetAsync(string path, string query, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await client.SendAsync(
            HttpMethod.Get, Address(path) + query, null, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound && path.Length > 0)
        {
            return null;
        }

        return (response.IsSuccessStatusCode
                ? await JupyterClient.TryReadAsync(response, JupyterJson.Default.ContentModel, cancellationToken).ConfigureAwait(false)
                : null)
            ?? throw Failure(path, response);
    }

    private async Task PutAsync(string path, ContentUpload upload, CancellationToken cancellationToken)
    {
        JsonContent body = JsonContent.Create(upload, JupyterJson.Default.ContentUpload);
        using HttpResponseMessage response = await client.SendAsync(
            HttpMethod.Put, Address(path), body, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw Failure(path, response);
        }
    }

    private WorkspaceException Failure(string path, HttpResponseMessage response) => new(
        $"The Jupyter server {client.Where} does not give the file '{WorkspacePath.Printable(path)}': it answers"
        + $" {(int)response.StatusCode}.",
        "A Kernel Gateway has no files; a Jupyter Server has those below its root that are not hidden.");

    private static string Address(string path) => "api/contents/" + string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
}
