using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Functions;

/// <summary>Takes what a run drew and wrote into messages.</summary>
internal static class Attachments
{
    /// <summary>Reads the pictures that were shown and the files that were made, within limits.</summary>
    /// <param name="result">The result of the run.</param>
    /// <param name="workspace">Where the files are. Guest code may have changed them since.</param>
    /// <param name="limits">Limits what is read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<List<DataContent>> ReadAsync(
        CodeResult result, IWorkspace workspace, AttachmentLimits limits, CancellationToken cancellationToken)
    {
        List<DataContent> taken = [];
        int room = limits.MaxTotalSize;
        HashSet<string> shown = new(StringComparer.Ordinal);
        foreach (DisplayOutput display in result.Blocks.SelectMany(b => b.Displays))
        {
            // The same thing in several forms is one picture, and its file is that picture.
            shown.UnionWith(display.Files.Values);
            if (Image(display) is { } image && taken.Count < limits.MaxCount && image.Value.Length <= Math.Min(limits.MaxSize, room))
            {
                taken.Add(new DataContent(image.Value, image.Key) { Name = display.Files.GetValueOrDefault(image.Key) });
                room -= image.Value.Length;
            }
        }

        foreach (WorkspaceFile file in result.OutputFiles.Where(f => !shown.Contains(f.Path)))
        {
            int most = Math.Min(limits.MaxSize, room);
            if (taken.Count == limits.MaxCount
                || file.Size > most
                || (limits.ImagesOnly && !MediaTypes.IsImage(MediaTypes.OfName(file.Path)))
                || await TryReadAsync(workspace, file.Path, most, cancellationToken).ConfigureAwait(false) is not { } data)
            {
                continue;
            }

            string mediaType = MediaTypes.Of(file.Path, data);
            if (!limits.ImagesOnly || MediaTypes.IsImage(mediaType))
            {
                taken.Add(new DataContent(data, mediaType) { Name = file.Path });
                room -= data.Length;
            }
        }

        return taken;
    }

    private static KeyValuePair<string, ReadOnlyMemory<byte>>? Image(DisplayOutput display) =>
        display.Data.Where(d => MediaTypes.IsImage(d.Key, d.Value.Span)).OrderBy(d => d.Key == "image/png" ? 0 : 1)
            .Cast<KeyValuePair<string, ReadOnlyMemory<byte>>?>().FirstOrDefault();

    private static async Task<byte[]?> TryReadAsync(IWorkspace workspace, string path, int most, CancellationToken cancellationToken)
    {
        if (most == 0)
        {
            return null;
        }

        try
        {
            return await workspace.ReadAllBytesAsync(path, most, cancellationToken).ConfigureAwait(false);
        }
        catch (WorkspaceException)
        {
            // Gone, grown or made a link of since the run: the text still names it.
            return null;
        }
    }
}
