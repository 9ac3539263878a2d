namespace Glovebox.Sandboxes.Local;

/// <summary>The environment variables of programs on the host, and where programs are found.</summary>
internal sealed class LocalVariables
{
    /// <summary>What passes from the host: where things are and how text looks, nothing that could hold a secret.</summary>
    private static readonly string[] Harmless = OperatingSystem.IsWindows()
        ? ["PATH", "PATHEXT", "SystemRoot", "SystemDrive", "windir", "ComSpec", "TEMP", "TMP", "USERPROFILE", "HOMEDRIVE", "HOMEPATH",
            "APPDATA", "LOCALAPPDATA", "ProgramData", "ProgramFiles", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"]
        : ["PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "DOTNET_ROOT"];

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
        GuestVariables.CopyTo(named, _values);
        if (virtualEnvironment is { } folder)
        {
            _virtualEnvironment = Path.GetFullPath(folder);
            _values["VIRTUAL_ENV"] = _virtualEnvironment;
            _values["PATH"] = Scripts(_virtualEnvironment) + Path.PathSeparator + _values.GetValueOrDefault("PATH");
            _values.Remove("PYTHONHOME");
        }

        _values[Host.ProcessTree.MarkerVariable] = Marker;
        _path = _values.GetValueOrDefault("PATH", "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Set in every process of this sandbox, and in no other.</summary>
    public string Marker { get; } = Guid.NewGuid().ToString("n");

    /// <exception cref="SandboxUnavailableException">The folder is not a virtual environment.</exception>
    public void Validate()
    {
        if (_virtualEnvironment is { } folder && FindIn(Scripts(folder), "python") is null && FindIn(Scripts(folder), "python3") is null)
        {
            throw new SandboxUnavailableException(
                "virtual-environment-unusable",
                $"'{folder}' is not a Python virtual environment: it has no Python in its '{Path.GetFileName(Scripts(folder))}' folder.",
                $"Make one with: python3 -m venv {folder}");
        }
    }

    /// <summary>Adds folders of Python modules and of programs after those that are there.</summary>
    public void AddFolders(IEnumerable<string> modules, string programs)
    {
        Append("PYTHONPATH", modules);
        Append("PATH", [programs]);
        _path = [.. _path, programs];
    }

    public void Apply(IDictionary<string, string?> environment)
    {
        environment.Clear();
        foreach ((string name, string value) in _values)
        {
            environment[name] = value;
        }
    }

    private void Append(string name, IEnumerable<string> folders) =>
        _values[name] = string.Join(Path.PathSeparator, (string[])[.. _values.GetValueOrDefault(name, "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries), .. folders]);

    /// <summary>Finds the first of some programs that exists. .NET would search the host's PATH and the host's current directory, not
    /// those given to the program.</summary>
    public string? FindProgram(IReadOnlyList<string> names, string workDirectory) =>
        names.Select(name => FindProgram(name, workDirectory)).FirstOrDefault(p => p is not null);

    private string? FindProgram(string name, string workDirectory)
    {
        if (name.Contains('/'))
        {
            string path = Path.GetFullPath(name, workDirectory);
            return File.Exists(path) ? path : null;
        }

        return _path.Select(folder => FindIn(Path.GetFullPath(folder, workDirectory), name)).FirstOrDefault(p => p is not null);
    }

    private static string Scripts(string folder) =>
        Path.Combine(folder, Directory.Exists(Path.Combine(folder, "Scripts")) ? "Scripts" : "bin");

    private static string? FindIn(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (OperatingSystem.IsWindows())
        {
            return File.Exists(path + ".exe") ? path + ".exe" : File.Exists(path + ".cmd") ? path + ".cmd" : null;
        }

        const UnixFileMode executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(path) && (File.GetUnixFileMode(path) & executable) != 0 ? path : null;
    }
}
