namespace Glovebox.Sandboxes;

/// <summary>A piece of what a process printed, as one listener gets it.</summary>
/// <param name="stream">Where it was printed. A terminal has standard output alone.</param>
/// <param name="data">The bytes. A character may be cut at either end.</param>
/// <param name="missed">How many bytes before these the listener does not get.</param>
public sealed class ProcessOutput(OutputStream stream, ReadOnlyMemory<byte> data, long missed)
{
    /// <summary>Gets where it was printed. A terminal has standard output alone.</summary>
    public OutputStream Stream => stream;

    /// <summary>Gets the bytes. A character may be cut at either end.</summary>
    public ReadOnlyMemory<byte> Data => data;

    /// <summary>Gets how many bytes before these, of both streams, the listener does not get: it came after they had left the backlog, or
    /// did not read in time.</summary>
    public long Missed => missed;
}
