namespace Glovebox.Docker;

/// <summary>Devices that a driver of the engine gives the container: <c>docker run --gpus</c>.</summary>
/// <remarks>All GPUs: <c>new DeviceRequest { Count = -1, Capabilities = { "gpu" } }</c>.</remarks>
public sealed class DeviceRequest
{
    /// <summary>Makes a request for no device yet.</summary>
    public DeviceRequest()
    {
    }

    internal DeviceRequest(DeviceRequest original)
    {
        Driver = original.Driver;
        Count = original.Count;
        DeviceIds = [.. original.DeviceIds];
        Capabilities = [.. original.Capabilities];
        Options = new Dictionary<string, string>(original.Options, StringComparer.Ordinal);
    }

    /// <summary>Gets or sets the driver, such as <c>nvidia</c> or <c>cdi</c>. The default is empty: one that has the
    /// capabilities.</summary>
    public string Driver { get; set; } = "";

    /// <summary>Gets or sets how many devices; -1 is all. The default is 0, which leaves the choice to <see cref="DeviceIds"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than -1.</exception>
    public int Count
    {
        get;
        set
        {
            if (value < -1)
            {
                throw new ArgumentOutOfRangeException(nameof(Count), value, "Count must be -1 (all) or more.");
            }

            field = value;
        }
    }

    /// <summary>Gets the devices by name. The default is empty.</summary>
    public IList<string> DeviceIds { get; init; } = [];

    /// <summary>Gets what the devices must all be able to do: <c>gpu</c>, <c>compute</c>. The default is empty.</summary>
    public IList<string> Capabilities { get; init; } = [];

    /// <summary>Gets the driver's own options. The default is empty.</summary>
    public IDictionary<string, string> Options { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
