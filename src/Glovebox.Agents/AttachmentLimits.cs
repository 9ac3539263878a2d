namespace Glovebox.Agents;

/// <summary>Bounds what of a run's pictures and files goes into messages as data. What is left out is still named in the text, and still in
/// the work directory.</summary>
/// <remarks>
/// Not every service takes data as a function's result: some clients send it to the model as text, where a picture of 100 KiB takes the
/// place of some 100,000 characters. Use <see cref="None"/> there.
/// </remarks>
public sealed record AttachmentLimits
{
    /// <summary>No data at all.</summary>
    public static AttachmentLimits None { get; } = new() { MaxCount = 0 };

    /// <summary>At most 8 pictures and files, of 1 MiB each and 4 MiB together.</summary>
    public static AttachmentLimits Default { get; } = new();

    /// <summary>How many pictures and files at most. Default: 8.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int MaxCount
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(MaxCount));
            field = value;
        }
    } = 8;

    /// <summary>The size of one, in bytes. Default: 1 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxSize
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxSize));
            field = value;
        }
    } = 1 << 20;

    /// <summary>The size of all together, in bytes. Default: 4 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxTotalSize
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, nameof(MaxTotalSize));
            field = value;
        }
    } = 4 << 20;

    /// <summary>Whether only pictures are taken, and no other files. Default: false.</summary>
    public bool ImagesOnly { get; init; }
}
