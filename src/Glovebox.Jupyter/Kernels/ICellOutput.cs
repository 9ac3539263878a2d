using System.Text.Json;

namespace Glovebox.Jupyter.Kernels;

/// <summary>Gets what a cell prints and shows, as it arrives. Called by one thread at a time; must not wait.</summary>
internal interface ICellOutput
{
    /// <summary>Takes printed text, as UTF-8, valid only during the call.</summary>
    void Write(OutputStream stream, ReadOnlySpan<byte> text);

    /// <summary>Takes what was shown.</summary>
    /// <param name="bundle">Its forms, by MIME type.</param>
    /// <param name="displayId">The name under which it may be changed, or null.</param>
    /// <param name="isUpdate">Whether it takes the place of an earlier one of that name.</param>
    void Show(JsonElement bundle, string? displayId, bool isUpdate);

    /// <summary>Takes a traceback, or what the kernel has in its place, with its terminal colours.</summary>
    void WriteError(string traceback);

    /// <summary>Makes void what came so far.</summary>
    /// <param name="waits">Only when the next output comes.</param>
    void Clear(bool waits);

    /// <summary>Something was left out because it was too large.</summary>
    void Drop(long bytes);
}
