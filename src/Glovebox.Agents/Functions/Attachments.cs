using System.Globalization;
using Microsoft.Extensions.AI;

namespace Glovebox.Agents.Functions;

/// <summary>What a run drew and wrote, as far as it goes into messages.</summary>
/// <param name="Data">Whole pictures, and files.</param>
/// <param name="Notes">What is not among them and why, for the model.</param>
internal sealed record Attachments(List<DataContent> Data, IReadOnlyList<string> Notes)
{
    /// <summary>How many broken pictures are named.</summary>
    private const int MostNamed = 3;

    /// <summary>How many files are read for each that may be taken: broken ones do not count as taken.</summary>
    private const int ReadsForEach = 4;

    public static Attachments None { get; } = new([], []);

    /// <summary>Reads the pictures that were shown and the files that were made, within limits.</summary>
    /// <param name="result">The result of the run.</param>
    /// <param name="workspace">Where the files are. Guest code may have changed them since.</param>
    /// <param name="limits">Limits what is read.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Attachments> ReadAsync(
        CodeResult result, IWorkspace workspace, AttachmentLimits limits, CancellationToken cancellationToken)
    {
        if (limits.MaxCount == 0)
        {
            return None;
        }

        List<DataContent> taken = [];
        List<string> broken = [];
        int room = limits.MaxTotalSize;
        int leftOut = 0;
        HashSet<string> shown = new(StringComparer.Ordinal);
        foreach (DisplayOutput display in result.Blocks.SelectMany(b => b.Displays))
        {
            // The same thing in several forms is one picture, and its file is that picture.
            shown.UnionWith(display.Files.Values);
            if (Image(display) is { } image)
            {
                if (taken.Count < limits.MaxCount && image.Value.Length <= Math.Min(limits.MaxSize, room))
                {
                    taken.Add(new DataContent(image.Value, image.Key) { Name = display.Files.GetValueOrDefault(image.Key) });
                    room -= image.Value.Length;
                }
                else
                {
                    leftOut++;
                }
            }
            else if (display.Data.Keys.FirstOrDefault(MediaTypes.IsImage) is { } type)
            {
                broken.Add(display.Files.GetValueOrDefault(type) ?? "one that was shown");
            }
        }

        int readsLeft = limits.MaxCount > int.MaxValue / ReadsForEach ? int.MaxValue : limits.MaxCount * ReadsForEach;
        foreach (WorkspaceFile file in result.OutputFiles.Where(f => !shown.Contains(f.Path)))
        {
            bool isNamedImage = MediaTypes.IsImage(MediaTypes.OfName(file.Path));
            if (limits.ImagesOnly && !isNamedImage)
            {
                continue;
            }

            int most = Math.Min(limits.MaxSize, room);
            if (taken.Count == limits.MaxCount || file.Size > most || most == 0 || readsLeft-- == 0)
            {
                readsLeft = Math.Max(readsLeft, 0);
                leftOut++;
                continue;
            }

            if (await TryReadAsync(workspace, file.Path, most, cancellationToken).ConfigureAwait(false) is not { } data)
            {
                continue;
            }

            string mediaType = MediaTypes.Of(file.Path, data);
            if (isNamedImage && !MediaTypes.IsImage(mediaType))
            {
                broken.Add(file.Path);
                continue;
            }

            taken.Add(new DataContent(data, mediaType) { Name = file.Path });
            room -= data.Length;
        }

        return new Attachments(taken, [.. Say(broken, leftOut, limits)]);
    }

    private static IEnumerable<string> Say(List<string> broken, int leftOut, AttachmentLimits limits)
    {
        if (broken.Count > 0)
        {
            string more = broken.Count > MostNamed ? $" and {Number(broken.Count - MostNamed)} more" : "";
            string names = string.Join(", ", broken.Take(MostNamed).Select(Name));
            yield return $"Not attached, because {(broken.Count == 1 ? "the picture is" : "the pictures are")} broken or incomplete: "
                + names + more + ".";
        }

        if (leftOut > 0)
        {
            string what = (limits.ImagesOnly, leftOut) switch
            {
                (true, 1) => "picture",
                (true, _) => "pictures",
                (false, 1) => "picture or file",
                _ => "pictures or files",
            };
            yield return $"Left out: {Number(leftOut)} {what} more; "
                + $"at most {Number(limits.MaxCount)} are attached, of {Number(limits.MaxSize)} bytes each and "
                + $"{Number(limits.MaxTotalSize)} in all.";
        }
    }

    /// <summary>A name as text that is not too long for a note.</summary>
    private static string Name(string path)
    {
        const int Longest = 25;
        string name = WorkspacePath.Printable(path);
        return name.Length <= Longest ? name : "…" + WorkspacePath.Printable(name[^(Longest - 1)..]);
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static KeyValuePair<string, ReadOnlyMemory<byte>>? Image(DisplayOutput display) =>
        display.Data.Where(d => MediaTypes.IsImage(d.Key, d.Value.Span)).OrderBy(d => d.Key == "image/png" ? 0 : 1)
            .Cast<KeyValuePair<string, ReadOnlyMemory<byte>>?>().FirstOrDefault();

    private static async Task<byte[]?> TryReadAsync(IWorkspace workspace, string path, int most, CancellationToken cancellationToken)
    {
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
