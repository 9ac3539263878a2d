namespace Glovebox.Sandboxes.Local;

/// <summary>The environment variables of programs on the host, and where programs are found.</summary>
internal sealed class LocalVariables
{
    /// <summary>What passes from the host: where things are and how text looks, nothing that could hold a secret.</summary>
    private static readonly string[] Harmless =
        ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "DOTNET_ROOT"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly string? _virtualEnvironment;
    private string[] _path;

    /// <summary>Makes the variables of one sandbox.</summary>
    /// <param name="named">Those that the caller named.</param>
    /// <param name="virtualEnvironment">The folder of a Python virtual environment, or null.</param>
    public LocalVariables(IReadOnlyDictionary<string, string> named, string? virtualEnvironment)
    {
        foreach (string name in Harmless)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                _values[name] = value;
            }
        }

        _values.TryAdd("LANG", "C.UTF-8");
        GuestVariables.CopyTo(GuestVariables.Python, _values);
        GuestVariables.CopyTo(GuestVariables.Quiet.Where(v => Environment.GetEnvironmentVariable(v.Key) is null), _values);
        GuestVariables.CopyTo(named, _values);
        if (virtualEnvironment is { } folder)
        {
            _virtualEnvironment = Path.GetFullPath(folder);
            _values["VIRTUAL_ENV"] = _virtualEnvironment;
            _values["PATH"] = $"{Programs}:{_values.GetValueOrDefault("PATH")}";
            _values.Remove("PYTHONHOME");
        }

        _values[Host.ProcessTree.MarkerVariable] = Marker;
        _path = Folders("PATH");
    }

    /// <summary>Set in every process of this sandbox, and in no other.</summary>
    public string Marker { get; } = Guid.NewGuid().ToString("n");

    /// <summary>The programs of the virtual environment; one that was made for Windows' Python has them in <c>Scripts</c>.</summary>
    private string Programs => $"{_virtualEnvironment}/{(Directory.Exists($"{_virtualEnvironment}/Scripts") ? "Scripts" : "bin")}";

    /// <exception cref="SandboxUnavailableException">The folder is not a virtual environment.</exception>
    public void Validate()
    {
        if (_virtualEnvironment is { } folder && !IsProgram($"{Programs}/python") && !IsProgram($"{Programs}/python3"))
        {
            throw new SandboxUnavailableException(
                "virtual-environment-unusable",
                $"'{folder}' is not a Python virtual environment: it has no Python in its '{Path.GetFileName(Programs)}' folder.",
                $"Make one with: python3 -m venv {folder}");
        }
    }

    /// <summary>Adds folders of Python modules and of programs after those that are there.</summary>
    public void AddFolders(IEnumerable<string> modules, string programs)
    {
        _values["PYTHONPATH"] = string.Join(':', [.. Folders("PYTHONPATH"), .. modules]);
        _path = [.. _path, programs];
        _values["PATH"] = string.Join(':', _path);
    }

    public void Apply(IDictionary<string, string?> environment)
    {
        environment.Clear();
        foreach ((string name, string value) in _values)
        {
            environment[name] = value;
        }
    }

    /// <summary>Finds the first of some programs that exists. .NET would search the host's PATH and the host's current directory, not
    /// those given to the program.</summary>
    public string? FindProgram(IReadOnlyList<string> names, string workDirectory) => names
        .Select(name => name.Contains('/')
            ? new[] { Path.GetFullPath(name, workDirectory) }.FirstOrDefault(File.Exists)
            : _path.Select(folder => Path.GetFullPath(Path.Combine(folder, name), workDirectory)).FirstOrDefault(IsProgram))
        .FirstOrDefault(path => path is not null);

    private string[] Folders(string name) => _values.GetValueOrDefault(name, "").Split(':', StringSplitOptions.RemoveEmptyEntries);

    private static bool IsProgram(string path)
    {
        const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Executable) != 0;
    }
}
