namespace Glovebox.Audit;

/// <summary>Checks the chain of audit files that a <see cref="FileAuditSink"/> wrote.</summary>
/// <remarks>Every line that was changed, removed, added, repeated or moved is found, except lines that are missing at the end. Who can
/// write the files can also write all lines from some line on again; that is found only with a key, or with a hash that was kept
/// elsewhere.</remarks>
public static class AuditChain
{
    /// <summary>Gives the files of an audit in the order of their lines: the full ones in the same folder, and the one that is
    /// named.</summary>
    /// <param name="path">The file that is, or was, written to. One that is full stands for itself alone.</param>
    public static IReadOnlyList<string> FilesOf(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string folder = Path.GetDirectoryName(path) ?? "";
        string name = Path.GetFileName(path);
        IEnumerable<string> names = Directory.EnumerateFiles(folder.Length == 0 ? "." : folder).Select(f => Path.GetFileName(f));
        return [.. AuditFiles.FullNames(name, names).Select(n => Path.Combine(folder, n)), path];
    }

    /// <summary>Checks files.</summary>
    /// <param name="files">The files of one audit, in any order; see <see cref="FilesOf"/>.</param>
    /// <param name="key">The <see cref="FileAuditSinkOptions.Key"/> that they were written with; empty: none.</param>
    /// <param name="expectedHash">The <see cref="FileAuditSink.LastHash"/> of some line that must be there; null: none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="ArgumentException">There are no files.</exception>
    /// <exception cref="AuditException">The files were written with a key, and there is none to check them with.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file must not be read.</exception>
    public static async Task<AuditChainReport> VerifyAsync(
        IReadOnlyList<string> files,
        ReadOnlyMemory<byte> key = default,
        string? expectedHash = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 0)
        {
            throw new ArgumentException("There are no audit files to check.", nameof(files));
        }

        List<(string Path, long First)> ordered = [];
        foreach (string file in files)
        {
            ordered.Add((file, await FirstSequenceAsync(file, cancellationToken).ConfigureAwait(false)));
        }

        // Those whose first line cannot be read stay where their names put them.
        string[] paths = [.. ordered.OrderBy(f => f.First).Select(f => f.Path)];
        AuditChainCheck check = new(key, expectedHash);
        for (int i = 0; i < paths.Length; i++)
        {
            FileStream stream = Open(paths[i]);
            await using (stream.ConfigureAwait(false))
            {
                await check.FileAsync(paths[i], stream, isLast: i == paths.Length - 1, cancellationToken).ConfigureAwait(false);
            }
        }

        return check.Report(paths);
    }

    private static async Task<long> FirstSequenceAsync(string path, CancellationToken cancellationToken)
    {
        byte[] start = new byte[64];
        FileStream stream = Open(path);
        await using (stream.ConfigureAwait(false))
        {
            int count = await stream.ReadAtLeastAsync(
                start, start.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return AuditLine.TryReadSequence(start.AsSpan(0, count), out long sequence)
                ? sequence
                : AuditFiles.FirstSequence(path) ?? long.MaxValue;
        }
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, useAsync: false);
}
