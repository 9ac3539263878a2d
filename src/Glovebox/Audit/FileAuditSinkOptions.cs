namespace Glovebox.Audit;

/// <summary>How a <see cref="FileAuditSink"/> writes.</summary>
public sealed class FileAuditSinkOptions
{
    /// <summary>The fewest bytes of a key: 16.</summary>
    public const int MinKeyBytes = 16;

    /// <summary>Gets or sets the size in bytes beyond which no line is added to a file, and a new one is begun. At least 4,096. The
    /// default is 64 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 4,096.</exception>
    public long MaxFileSize
    {
        get;
        set => field = value >= 4096 ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxFileSize), value, "MaxFileSize must be at least 4096.");
    } = 64 << 20;

    /// <summary>Gets or sets how many full files are kept beside the one that is written to, at least 1; older ones are deleted. Null, the
    /// default: all.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? KeptFiles
    {
        get;
        set => field = value is null or >= 1 ? value
            : throw new ArgumentOutOfRangeException(nameof(KeptFiles), value, "KeptFiles must be at least 1.");
    }

    /// <summary>Gets or sets the key that lines are made with, of at least <see cref="MinKeyBytes"/> bytes. Who can write the file and has
    /// no key cannot make lines that pass for true. Empty, the default: lines have plain hashes, and who can write the file can write all
    /// of it again.</summary>
    /// <exception cref="ArgumentException">Not empty, and less than <see cref="MinKeyBytes"/> bytes.</exception>
    public ReadOnlyMemory<byte> Key
    {
        get;
        set => field = value.Length is 0 or >= MinKeyBytes ? value.ToArray()
            : throw new ArgumentException($"Key must have at least {MinKeyBytes} bytes.", nameof(Key));
    }

    internal FileAuditSinkOptions Copy() => (FileAuditSinkOptions)MemberwiseClone();
}
