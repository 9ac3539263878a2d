using System.Runtime.CompilerServices;
using Glovebox.Server.Keys;
using Glovebox.Sessions;

namespace Glovebox.Server;

/// <summary>Options of the server. They are read when it starts.</summary>
public sealed class GloveboxServerOptions
{
    /// <summary>The name of the template that is there without being named in <see cref="Templates"/>.</summary>
    public const string DefaultTemplate = "default";

    /// <summary>Gets or sets the folder in which keys, sessions and audit are kept. It is made, for this user alone. The default is
    /// <c>glovebox</c> in the user's state folder (<c>XDG_STATE_HOME</c>, or <c>~/.local/state</c>).</summary>
    /// <exception cref="ArgumentException">Null or empty.</exception>
    public string DataDirectory
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrWhiteSpace(value, nameof(DataDirectory));
            field = value;
        }
    } = DefaultDataDirectory();

    /// <summary>Gets or sets what sessions are that name no template. The default is the kind <c>interpreter</c> with its
    /// defaults.</summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public SessionTemplate Default { get; set => field = value ?? throw new ArgumentNullException(nameof(Default)); } =
        new(InterpreterCodeExecutor.Kind.Name);

    /// <summary>Gets the further kinds of sessions that clients may name: E2B's clients as <c>template</c>, others likewise. Container
    /// images are offered so, each with a name.</summary>
    public IDictionary<string, SessionTemplate> Templates { get; } = new Dictionary<string, SessionTemplate>(StringComparer.Ordinal);

    /// <summary>Gets or sets the number of sessions that there are at most, of all keys. One more is refused with the status 429. The
    /// default is 16.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int MaxSessions { get; set => field = AtLeast(value, 1); } = 16;

    /// <summary>Gets or sets the number of sandboxes that wait, started, for sessions that name no template and no policy. The default is
    /// 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative or more than 1,000.</exception>
    public int StartedAhead
    {
        get;
        set => field = value <= 1000 ? AtLeast(value, 0)
            : throw new ArgumentOutOfRangeException(nameof(StartedAhead), value, "StartedAhead must be at most 1,000.");
    } = 1;

    /// <summary>Gets or sets the time after which a session that nobody uses ends, unless it asks for another. The default is 20
    /// minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan IdleTimeout { get; set => field = CodeSessionPoolOptions.CheckLifetime(value); } = TimeSpan.FromMinutes(20);

    /// <summary>Gets or sets the longest that a session may live, in use or not. What asks for more is refused. The default is 24
    /// hours.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan MaxLifetime { get; set => field = CodeSessionPoolOptions.CheckLifetime(value); } = TimeSpan.FromHours(24);

    /// <summary>Gets or sets how long the server waits, when it is told to end, for what runs. The default is 10 seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public TimeSpan DrainTime
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero, nameof(DrainTime));
            field = value;
        }
    } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets how long audit and ended sessions are kept. The default is 30 days.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than a minute.</exception>
    public TimeSpan AuditRetention
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMinutes(1), nameof(AuditRetention));
            field = value;
        }
    } = TimeSpan.FromDays(30);

    /// <summary>Gets or sets whether the audit keeps code and what it prints. The default is false: hashes and sizes.</summary>
    public bool AuditIncludesCode { get; set; }

    /// <summary>Gets or sets what every key may use that says nothing else.</summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public KeyLimits Limits { get; set => field = value ?? throw new ArgumentNullException(nameof(Limits)); } = new()
    {
        MaxRequestsPerMinute = 6000,
        MaxExecutions = 64,
        Network = KeyNetwork.Template,
    };

    /// <summary>Gets the names by which clients may call the server, without a port, beside <c>localhost</c> and the loopback addresses. A
    /// request whose <c>Host</c> is another is refused, so that a web page cannot reach the server by a name of its own that leads
    /// here (DNS rebinding).</summary>
    public IList<string> AllowedHosts { get; } = [];

    /// <summary>Gets the origins (<c>https://app.example.org</c>) of web pages that may call the server, beside its own.</summary>
    public IList<string> AllowedOrigins { get; } = [];

    /// <summary>Gets the hosts with private addresses to which clients may have calls of their functions sent. Others must be
    /// public.</summary>
    public IList<string> CallbackHosts { get; } = [];

    /// <summary>Gets or sets the largest file that a request may bring, in bytes. Other requests have at most 8 MiB. The default is
    /// 512 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 KiB.</exception>
    public long MaxUpload
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1024, nameof(MaxUpload));
            field = value;
        }
    } = 512L << 20;

    private static int AtLeast(int value, int least, [CallerMemberName] string name = "") => value >= least
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");

    private static string DefaultDataDirectory()
    {
        string? state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return Path.Combine(string.IsNullOrEmpty(state) ? Path.Combine(home, ".local", "state") : state, "glovebox");
    }
}
