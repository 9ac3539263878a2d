using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>The settings of one kind of options: one table, by which they are read from configuration and written back.</summary>
/// <remarks>
/// It takes the place of the configuration binder, which does not name the key that a setter refused, adds to lists instead of setting
/// them, takes the duration <c>60</c> for days, and does not write back. It needs no reflection. A setting that is absent or null keeps its
/// value.
/// </remarks>
internal sealed class OptionsSchema<T>
    where T : class
{
    private readonly List<Setting> _settings = [];

    /// <summary>Adds a single value. It is not written when it is null.</summary>
    public OptionsSchema<T> Value<TValue>(string key, SettingFormat<TValue> format, Func<T, object?> get, Action<T, TValue> set) => Add(new(
        key,
        (section, target) =>
        {
            if (SettingReader.Value(section) is { } text)
            {
                TValue value = format.TryParse(text, out TValue? parsed)
                    ? parsed
                    : throw SettingReader.Error(section, $"'{text}' is not {format.Expected}.");
                SettingReader.Guard(section, () => set(target, value));
            }
        },
        (source, writer) =>
        {
            if (get(source) is { } value)
            {
                writer.Add(key, format.ToText(value));
            }
        }));

    /// <summary>Adds a list of texts.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="get">Gives the list.</param>
    /// <param name="isEmptyByDefault">Whether an empty list need not be written.</param>
    public OptionsSchema<T> List(string key, Func<T, IList<string>> get, bool isEmptyByDefault = true) => Items(
        key,
        get,
        section => SettingReader.Value(section) ?? throw SettingReader.Error(section, "a value is missing."),
        (item, writer, index) => writer.Add(index, item),
        isEmptyByDefault);

    /// <summary>Adds a list. What is configured takes the place of what the list held.</summary>
    public OptionsSchema<T> Items<TItem>(
        string key,
        Func<T, IList<TItem>> get,
        Func<IConfigurationSection, TItem> read,
        Action<TItem, SettingsWriter, string> write,
        bool isEmptyByDefault = true) => Add(new(
            key,
            (section, target) =>
            {
                if (SettingReader.Items(section) is { } items)
                {
                    IList<TItem> list = get(target);
                    list.Clear();
                    foreach (IConfigurationSection item in items)
                    {
                        list.Add(read(item));
                    }
                }
            },
            (source, writer) =>
            {
                IList<TItem> list = get(source);
                if (list.Count == 0 && !isEmptyByDefault)
                {
                    writer.Add(key, "");
                }

                SettingsWriter items = writer.Section(key);
                for (int i = 0; i < list.Count; i++)
                {
                    write(list[i], items, i.ToString(CultureInfo.InvariantCulture));
                }
            }));

    /// <summary>Adds values by name.</summary>
    public OptionsSchema<T> Map(string key, Func<T, IDictionary<string, string>> get) => Add(new(
        key,
        (section, target) =>
        {
            foreach (IConfigurationSection item in SettingReader.Section(section)?.GetChildren() ?? [])
            {
                get(target)[item.Key] = SettingReader.Value(item) ?? throw SettingReader.Error(item, "a value is missing.");
            }
        },
        (source, writer) =>
        {
            SettingsWriter values = writer.Section(key);
            foreach ((string name, string value) in get(source))
            {
                values.Add(name, value);
            }
        }));

    /// <summary>Adds options within these options.</summary>
    public OptionsSchema<T> Nested<TInner>(string key, Func<T, TInner> get, OptionsSchema<TInner> schema)
        where TInner : class => Add(new(
            key,
            (section, target) =>
            {
                if (SettingReader.Section(section) is { } inner)
                {
                    schema.Read(inner, get(target));
                }
            },
            (source, writer) => schema.Write(get(source), writer.Section(key))));

    /// <summary>Adds what configuration cannot express.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="isSet">Whether it is there, so that the options cannot be written.</param>
    public OptionsSchema<T> Code(string key, Func<T, bool> isSet) => Add(new(
        key,
        (section, _) => throw SettingReader.Error(section, "this is code, which configuration cannot hold."),
        (source, _) =>
        {
            if (isSet(source))
            {
                throw new NotSupportedException($"{key} cannot be written to configuration: it is code.");
            }
        },
        IsCode: true));

    /// <summary>Sets what is configured.</summary>
    /// <param name="configuration">Where the settings are.</param>
    /// <param name="target">Gets them.</param>
    /// <param name="otherKeys">Keys that are not for these options.</param>
    /// <exception cref="ArgumentException">A key is unknown or a value is wrong. The message names the key.</exception>
    public void Read(IConfiguration configuration, T target, params ReadOnlySpan<string> otherKeys)
    {
        foreach (IConfigurationSection section in configuration.GetChildren())
        {
            if (_settings.Find(s => s.Key.Equals(section.Key, StringComparison.OrdinalIgnoreCase)) is { } setting)
            {
                setting.Read(section, target);
            }
            else if (!otherKeys.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
            {
                IEnumerable<string> known = _settings.Where(s => !s.IsCode).Select(s => s.Key).Order(StringComparer.Ordinal);
                throw SettingReader.Error(section, $"there is no such setting. There are: {string.Join(", ", known)}.");
            }
        }
    }

    /// <summary>Writes every setting that has a value, defaults too: what is read later does not depend on what they are then.</summary>
    public void Write(T source, SettingsWriter writer)
    {
        foreach (Setting setting in _settings)
        {
            setting.Write(source, writer);
        }
    }

    private OptionsSchema<T> Add(Setting setting)
    {
        _settings.Add(setting);
        return this;
    }

    private sealed record Setting(string Key, Action<IConfigurationSection, T> Read, Action<T, SettingsWriter> Write, bool IsCode = false);
}
