using System.Globalization;
using Glovebox.Sandboxes.Host;

namespace Glovebox.Execution.Displays;

/// <summary>Saves what kernels show as files, under names that sort in the order in which it was shown.</summary>
/// <remarks>A name is given at once; the file is written soon after, for each block in order. A folder that was named is written without
/// following links, for it may be one that guest code writes, too.</remarks>
/// <param name="outputDir">A folder of the host; null: the work directory.</param>
/// <param name="workspace">Gives the work directory; null where there is none to write to.</param>
internal sealed class DisplayFiles(string? outputDir, Func<IWorkspace>? workspace) : IDisposable
{
    private const string Prefix = "display-";

    private HostDirectory? _folder;
    private bool _isPrepared;
    private int _last;

    /// <summary>Whether displays are saved at all.</summary>
    public bool Saves => outputDir is not null || workspace is not null;

    /// <summary>Makes the folder when it is missing, and goes on after the last number that it holds.</summary>
    /// <exception cref="SandboxUnavailableException">The folder cannot be used.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_isPrepared || !Saves)
        {
            return;
        }

        if (outputDir is not null)
        {
            try
            {
                Directory.CreateDirectory(outputDir);
                _folder = new HostDirectory(Libc.RealPath(outputDir) ?? Path.GetFullPath(outputDir));
                _folder.CheckWritable();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CodeExecutionException)
            {
                throw new SandboxUnavailableException(
                    "output-directory-unusable",
                    $"OutputDir '{outputDir}' cannot be used: {e.Message}",
                    "Name a folder that you may write, or leave OutputDir out for the work directory.",
                    e);
            }
        }

        WorkspaceListing listing = await Target.ListAsync(cancellationToken).ConfigureAwait(false);
        _last = listing.Files.Select(f => NumberOf(f.Path)).DefaultIfEmpty(0).Max();
        _isPrepared = true;
    }

    /// <summary>Takes the next number.</summary>
    public int Next() => ++_last;

    /// <summary>Saves those forms of a display that are saved, and gets their names. A display that changes keeps its number.</summary>
    public Dictionary<string, string> Save(int number, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> data, DisplayWrites writes)
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        if (Saves)
        {
            foreach ((string mimeType, ReadOnlyMemory<byte> content) in data)
            {
                if (MimeBundle.Extension(mimeType) is { } extension)
                {
                    string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D4}{extension}");
                    files[mimeType] = outputDir is null ? name : Path.Combine(Path.GetFullPath(outputDir), name);
                    writes.Add(() => Target.WriteAllBytesAsync(name, content));
                }
            }
        }

        return files;
    }

    /// <summary>Deletes the files of a display that was taken back.</summary>
    public void Delete(DisplayOutput display, DisplayWrites writes)
    {
        foreach (string file in display.Files.Values)
        {
            writes.Add(() => Target.DeleteAsync(Path.GetFileName(file)));
        }
    }

    public void Dispose()
    {
        _folder?.Dispose();
        _folder = null;
        _isPrepared = false;
    }

    private IWorkspace Target => (IWorkspace?)_folder ?? workspace!();

    private static int NumberOf(string path) =>
        path.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(
            Path.GetFileNameWithoutExtension(path.AsSpan(Prefix.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : 0;
}

/// <summary>What is done to the files of displays for one block, one after another, and what of it failed.</summary>
internal sealed class DisplayWrites
{
    private readonly List<string> _failures = [];
    private Task _last = Task.CompletedTask;

    public void Add(Func<Task> step)
    {
        _last = Run(_last);

        async Task Run(Task before)
        {
            await before.ConfigureAwait(false);
            try
            {
                await step().ConfigureAwait(false);
            }
            catch (CodeExecutionException e)
            {
                _failures.Add(e.Message);
            }
        }
    }

    /// <summary>Waits until all is done, and gives what could not be, in words.</summary>
    public async Task<IReadOnlyList<string>> CompleteAsync()
    {
        await _last.ConfigureAwait(false);
        return _failures;
    }
}
