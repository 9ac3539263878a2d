using Glovebox.Jupyter.Servers;

namespace Glovebox.Jupyter;

/// <summary>Options of <see cref="JupyterCodeExecutor"/>.</summary>
/// <remarks>
/// With <see cref="Url"/>, kernels run on that server, wherever it is, and with whatever it may do: nothing of a policy can be enforced
/// there, so <see cref="CommandLineCodeExecutorOptions.Policy"/> (but for its MaxOutput),
/// <see cref="CommandLineCodeExecutorOptions.WorkDir"/>,
/// <see cref="CommandLineCodeExecutorOptions.Environment"/>, <see cref="CommandLineCodeExecutorOptions.Languages"/>,
/// <see cref="CommandLineCodeExecutorOptions.Functions"/> and <see cref="ReadOnlyPaths"/> are refused. Without it, Glovebox starts a server
/// in a bubblewrap sandbox, to which all of them apply.
/// </remarks>
public sealed class JupyterCodeExecutorOptions : CommandLineCodeExecutorOptions
{
    /// <summary>The root of a running Jupyter Server or Kernel Gateway, <c>http</c> or <c>https</c>; a <c>token</c> in its query is taken
    /// as <see cref="Token"/>. Null, the default: a server in a sandbox on this machine.</summary>
    /// <exception cref="ArgumentException">Not an absolute address of that kind.</exception>
    public Uri? Url
    {
        get;
        set
        {
            if (value is not null && !(value.IsAbsoluteUri && (value.Scheme == Uri.UriSchemeHttp || value.Scheme == Uri.UriSchemeHttps)))
            {
                throw new ArgumentException(
                    $"Url must be an address such as http://localhost:8888/, not '{value.OriginalString}'.", nameof(Url));
            }

            field = value;
        }
    }

    /// <summary>The token of the server at <see cref="Url"/>. It is sent to that server only. Default: none.</summary>
    /// <exception cref="ArgumentException">Holds what no token holds: control characters, or characters beyond ASCII.</exception>
    public string? Token
    {
        get;
        set
        {
            if (value is not null && value.Any(c => c is <= ' ' or > '~'))
            {
                throw new ArgumentException("Token must be printable ASCII without blanks.", nameof(Token));
            }

            field = value;
        }
    }

    /// <summary>The name of the kernel spec that blocks run in. Default: <c>python3</c>.</summary>
    /// <exception cref="ArgumentException">Not a name that a kernel spec can have.</exception>
    public string KernelName { get => Kernel.KernelName; set => Kernel.KernelName = value; }

    /// <summary>The host folder in which PNG, JPEG, SVG and HTML displays are saved, as <c>display-0001.png</c> and so on; it is made when
    /// missing and never deleted. Null, the default: the work directory, or nowhere with <see cref="Url"/>.</summary>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public string? OutputDir { get => Kernel.OutputDir; set => Kernel.OutputDir = value; }

    /// <summary>How many displays of one block are kept; further ones are dropped, and the output says so. Default: 100.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int MaxDisplays { get => Kernel.MaxDisplays; set => Kernel.MaxDisplays = value; }

    /// <summary>How many bytes the displays of one block may have together, in all their forms; what is beyond is dropped, and the output
    /// says so. Default: 32 MiB.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative, or more than 1 GiB.</exception>
    public long MaxDisplayBytes { get => Kernel.MaxDisplayBytes; set => Kernel.MaxDisplayBytes = value; }

    /// <summary>Further host files and directories that the sandbox sees, read-only, as in
    /// <see cref="BubblewrapCommandLineCodeExecutorOptions"/>. Default: none.</summary>
    public IList<string> ReadOnlyPaths { get; set => field = value ?? throw new ArgumentNullException(nameof(ReadOnlyPaths)); } = [];

    /// <summary>Whether nothing is set that only one kind of place could give.</summary>
    internal bool IsForAnySandbox => Url is null && Token is null && ReadOnlyPaths.Count == 0;

    internal KernelOptions Kernel { get; private set; } = new();

    internal override JupyterCodeExecutorOptions Copy()
    {
        JupyterCodeExecutorOptions copy = (JupyterCodeExecutorOptions)base.Copy();
        copy.Kernel = Kernel with { };
        copy.ReadOnlyPaths = [.. ReadOnlyPaths];
        return copy;
    }

    internal override string? WhyNotWritable() => base.WhyNotWritable() ?? (Url is null || ServerAddress.Parse(Url, Token).Token is null
        ? null
        : "The token of a Jupyter server is not written to configuration: it is a secret. Keep it in a secret store, and set Token on the "
            + "options of the executor that is read.");

    /// <summary>Makes sure that nothing is asked for that only a sandbox could give.</summary>
    /// <exception cref="ArgumentException">Something is.</exception>
    internal void CheckForUrl()
    {
        string? extra = WorkDir is not null ? nameof(WorkDir)
            : Environment.Count > 0 ? nameof(Environment)
            : Languages.Count > 0 ? nameof(Languages)
            : Functions.Count > 0 ? nameof(Functions)
            : ReadOnlyPaths.Count > 0 ? nameof(ReadOnlyPaths)
            : Preload.Count > 0 ? nameof(Preload)
            : Policy with { MaxOutput = null } != new ExecutionPolicy() ? nameof(Policy)
            : null;
        if (extra is not null)
        {
            throw new ArgumentException($"{extra} cannot be had with Url: the server there runs as it was started. Leave out one of them.");
        }
    }
}
