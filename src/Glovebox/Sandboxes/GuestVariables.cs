namespace Glovebox.Sandboxes;

/// <summary>The environment variables of guest programs.</summary>
internal static class GuestVariables
{
    /// <summary>The home of the user that guest code runs as.</summary>
    public const string Home = "/home/glovebox";

    /// <summary>Gets the variables for Python.</summary>
    public static IReadOnlyDictionary<string, string> Python { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        // Without this, Python holds printed text back until its buffer is full, and output has neither its time nor its order.
        ["PYTHONUNBUFFERED"] = "1",

        // Python knows the bytecode of a file by the file's size and its time in seconds, and a block can rewrite a module within the
        // second in which the block before imported it. So no program writes bytecode, but for those that compile on purpose, as pip does.
        ["PYTHONDONTWRITEBYTECODE"] = "1",
    };

    /// <summary>Gets the variables by which programs print no more than what they are asked for: no progress bars, banners, questions
    /// and news.</summary>
    public static IReadOnlyDictionary<string, string> Quiet { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["PIP_PROGRESS_BAR"] = "off",
        ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1",
        ["PIP_NO_INPUT"] = "1",
        ["npm_config_progress"] = "false",
        ["npm_config_update_notifier"] = "false",
        ["npm_config_fund"] = "false",
        ["GIT_TERMINAL_PROMPT"] = "0",
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_SKIP_WORKLOAD_INTEGRITY_CHECK"] = "1",
        ["DOTNET_GENERATE_ASPNET_CERTIFICATE"] = "false",
    };

    /// <summary>Gets the variables by which programs try the network once: where there is none, to try again takes longer than a block
    /// may. They forbid nothing, so that a set-up with a network can have them too.</summary>
    private static IReadOnlyDictionary<string, string> TryOnce { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["PIP_RETRIES"] = "0",
        ["PIP_DEFAULT_TIMEOUT"] = "5",
        ["UV_HTTP_RETRIES"] = "0",
        ["npm_config_fetch_retries"] = "0",
        ["npm_config_fetch_timeout"] = "5000",
        ["CARGO_NET_RETRY"] = "0",
        ["BUNDLE_RETRY"] = "0",
        ["CONDA_REMOTE_MAX_RETRIES"] = "0",
        ["NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT"] = "1",
    };

    /// <summary>Makes the variables that every isolated sandbox sets, but for PATH. Those that the caller names win.</summary>
    /// <param name="hasNetwork">Whether guest code has a network.</param>
    /// <param name="named">The variables that the caller names.</param>
    public static Dictionary<string, string> Defaults(bool hasNetwork, IReadOnlyDictionary<string, string> named)
    {
        Dictionary<string, string> variables = Base();

        // npm takes its variables in upper and lower case, and pip both names of its time-out.
        HashSet<string> names = new(named.Keys, StringComparer.OrdinalIgnoreCase);
        if (names.Contains("PIP_TIMEOUT"))
        {
            names.Add("PIP_DEFAULT_TIMEOUT");
        }

        foreach ((string name, string value) in hasNetwork ? Quiet : Quiet.Concat(TryOnce))
        {
            if (!names.Contains(name))
            {
                variables[name] = value;
            }
        }

        return variables;
    }

    private static Dictionary<string, string> Base() => new(Python, StringComparer.Ordinal)
    {
        ["HOME"] = Home,
        ["USER"] = "glovebox",
        ["LOGNAME"] = "glovebox",
        ["LANG"] = "C.UTF-8",
        ["TMPDIR"] = "/tmp",

        // The home is the sandbox's own, and gone with it: what pip puts there harms no system's packages.
        ["PIP_BREAK_SYSTEM_PACKAGES"] = "1",
    };

    /// <summary>Copies variables that a caller named, and checks them.</summary>
    /// <exception cref="ArgumentException">A name is empty or holds <c>=</c> or NUL, or a value holds NUL or is null.</exception>
    public static Dictionary<string, string> Copy(IEnumerable<KeyValuePair<string, string>> named)
    {
        Dictionary<string, string> copy = new(StringComparer.Ordinal);
        CopyTo(named, copy);
        return copy;
    }

    /// <summary>Copies variables that a caller named to others, and checks them.</summary>
    /// <exception cref="ArgumentException">A name is empty or holds <c>=</c> or NUL, or a value holds NUL or is null.</exception>
    public static void CopyTo(IEnumerable<KeyValuePair<string, string>> from, IDictionary<string, string> to)
    {
        foreach ((string name, string value) in from)
        {
            if (string.IsNullOrEmpty(name) || name.AsSpan().ContainsAny('=', '\0'))
            {
                throw new ArgumentException($"'{name}' is not the name of an environment variable.");
            }

            if (value is null || value.Contains('\0'))
            {
                throw new ArgumentException($"The value of the environment variable '{name}' is null or holds a NUL.");
            }

            to[name] = value;
        }
    }
}
