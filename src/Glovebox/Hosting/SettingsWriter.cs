using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>Collects settings as configuration has them: a flat list of paths.</summary>
internal sealed class SettingsWriter
{
    private readonly OrderedDictionary<string, string?> _settings;
    private readonly string? _path;

    public SettingsWriter()
        : this(new(StringComparer.OrdinalIgnoreCase), null)
    {
    }

    private SettingsWriter(OrderedDictionary<string, string?> settings, string? path)
    {
        _settings = settings;
        _path = path;
    }

    public IReadOnlyDictionary<string, string?> Settings => _settings;

    /// <summary>Adds a value.</summary>
    /// <exception cref="NotSupportedException">Configuration cannot hold a value of that name beside the others.</exception>
    public void Add(string key, string value)
    {
        if (key.Length == 0 || key.Contains(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal))
        {
            throw new NotSupportedException(
                $"{_path}: '{key}' cannot be written to configuration, whose keys are not empty and hold no colon.");
        }

        if (!_settings.TryAdd(Path(key), value))
        {
            throw new NotSupportedException($"{_path}: '{key}' cannot be written to configuration beside one that differs in case only.");
        }
    }

    /// <summary>Gives a writer for what is below a key.</summary>
    public SettingsWriter Section(string key) => new(_settings, Path(key));

    private string Path(string key) => _path is null ? key : ConfigurationPath.Combine(_path, key);
}
