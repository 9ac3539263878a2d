namespace Glovebox.Functions;

/// <summary>What guest code may ask of the host's functions. Beyond a limit, Python code gets a <c>HostFunctionError</c> with a
/// <c>code</c> that says which. An executor copies its limits when it is made.</summary>
public sealed record HostFunctionLimits
{
    // Setters, not init: the source-generated configuration binder passes over init.

    private const int Largest = 256 << 20;

    /// <summary>Gets or sets how many bytes the arguments of one call may have, as JSON in UTF-8. From 1 KiB to 256 MiB.</summary>
    /// <value>The default is 4 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 KiB or more than 256 MiB.</exception>
    public int MaxArgumentSize
    {
        get;
        set => field = Between(value, 1 << 10, Largest, nameof(MaxArgumentSize));
    } = 4 << 20;

    /// <summary>Gets or sets how many bytes the result of one call may have, as JSON in UTF-8. From 1 KiB to 256 MiB.</summary>
    /// <value>The default is 4 MiB.</value>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 KiB or more than 256 MiB.</exception>
    public int MaxResultSize
    {
        get;
        set => field = Between(value, 1 << 10, Largest, nameof(MaxResultSize));
    } = 4 << 20;

    /// <summary>Gets or sets how many calls may begin in a second, over all functions of an executor; that many may begin at once. At least
    /// 1.</summary>
    /// <value>The default is 20,000, which a loop of Python does not reach.</value>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxCallsPerSecond
    {
        get;
        set => field = Between(value, 1, int.MaxValue, nameof(MaxCallsPerSecond));
    } = 20_000;

    /// <summary>Gets or sets how many calls may run at once, over all functions of an executor. A function that does not heed its
    /// cancellation counts until it returns. From 1 to 1,024.</summary>
    /// <value>The default is 32.</value>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 or more than 1,024.</exception>
    public int MaxConcurrentCalls
    {
        get;
        set => field = Between(value, 1, 1024, nameof(MaxConcurrentCalls));
    } = 32;

    private static int Between(int value, int least, int most, string name) =>
        value >= least && value <= most
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be from {least} to {most}.");
}
