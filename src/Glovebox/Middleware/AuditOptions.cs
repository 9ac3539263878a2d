namespace Glovebox.Middleware;

/// <summary>What an audit keeps of executions.</summary>
public sealed class AuditOptions
{
    /// <summary>Gets or sets what tells on whose behalf code runs: a user, a tenant, a session. It is asked when an execution begins, in
    /// the caller's context; an exception of it ends the execution before it begins. Of a text, the first 256 letters are kept. Null, the
    /// default: nobody is named.</summary>
    public Func<string?>? Who { get; set; }

    /// <summary>Gets or sets whether the code of blocks is kept. It may hold secrets and personal data. The default is false: its hash
    /// is.</summary>
    public bool IncludesCode { get; set; }

    /// <summary>Gets or sets whether the output of blocks is kept. It may hold secrets and personal data. The default is false: its size
    /// is.</summary>
    public bool IncludesOutput { get; set; }

    /// <summary>Gets or sets whether the arguments of host functions are kept. They may hold secrets and personal data. The default is
    /// false.</summary>
    public bool IncludesArguments { get; set; }

    /// <summary>Gets or sets how many letters are kept of the code of an execution, of the output of a block and of the arguments of a
    /// call, from 1 to 1,048,576. The default is 65,536.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not from 1 to 1,048,576.</exception>
    public int MaxTextLength
    {
        get;
        set => field = value is >= 1 and <= 1 << 20 ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxTextLength), value, "MaxTextLength must be from 1 to 1,048,576.");
    } = 1 << 16;

    /// <summary>Gets or sets how many calls of functions and decisions about egress an execution may have, at least 1. One more ends it
    /// with an <see cref="Audit.AuditException"/>, so that guest code can neither fill the disk nor do anything that is not kept. As many
    /// decisions are kept of what its blocks have left running and reach while no block runs; what follows is refused. The default is
    /// 100,000.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxEvents
    {
        get;
        set => field = value >= 1 ? value
            : throw new ArgumentOutOfRangeException(nameof(MaxEvents), value, "MaxEvents must be at least 1.");
    } = 100_000;

    /// <summary>Gets or sets whether an event that cannot be kept ends the execution with an <see cref="Audit.AuditException"/>: before its
    /// code runs, or else as soon as the event happens. If false, it is logged, and the execution goes on. The default is true.</summary>
    public bool FailsClosed { get; set; } = true;

    internal AuditOptions Copy() => (AuditOptions)MemberwiseClone();
}
