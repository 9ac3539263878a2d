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

    /// <summary>Makes the variables that every isolated sandbox sets, but for PATH.</summary>
    public static Dictionary<string, string> Defaults() => new(Python, StringComparer.Ordinal)
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
