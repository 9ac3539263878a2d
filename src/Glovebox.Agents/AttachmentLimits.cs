using System.Runtime.CompilerServices;

namespace Glovebox.Agents;

/// <summary>Limits the pictures and files of a run that go into messages as data. What is left out is still named in the text, and still in
/// the work directory; the text says how many were left out. A picture that is broken or incomplete is named in the text and not
/// taken.</summary>
/// <remarks>
/// Not every service takes data as a function's result: some clients send it to the model as text, where a picture of 100 KiB takes the
/// place of some 100,000 characters. Use <see cref="None"/> there.
/// </remarks>
public sealed record AttachmentLimits
{
    /// <summary>Gets limits that let no data in.</summary>
    public static AttachmentLimits None { get; } = new() { MaxCount = 0 };

    /// <summary>Gets the default limits: at most 8 pictures and files, of 1 MiB each and 4 MiB together.</summary>
    public static AttachmentLimits Default { get; } = new();

    /// <summary>Gets the most pictures and files. The default is 8.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int MaxCount { get; init => field = AtLeast(0, value); } = 8;

    /// <summary>Gets the most bytes of one picture or file. The default is 1 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxSize { get; init => field = AtLeast(1, value); } = 1 << 20;

    /// <summary>Gets the most bytes of all together. The default is 4 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxTotalSize { get; init => field = AtLeast(1, value); } = 4 << 20;

    /// <summary>Gets whether only pictures are taken, and no other files. The default is false.</summary>
    public bool ImagesOnly { get; init; }

    private static int AtLeast(int least, int value, [CallerMemberName] string name = "")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        return value;
    }
}
