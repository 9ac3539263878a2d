namespace Glovebox.Sandboxes;

/// <summary>Drops output.</summary>
internal sealed class NoOutput : IOutputSink
{
    public static NoOutput Instance { get; } = new();

    public void Write(OutputStream stream, ReadOnlySpan<byte> data)
    {
    }
}
