using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>Takes settings out of configuration, with errors that name the key.</summary>
internal static class SettingReader
{
    /// <summary>A single value, or null when it is absent or null.</summary>
    public static string? Value(IConfigurationSection section) =>
        section.GetChildren().Any() ? throw Error(section, "this is a single value, not a section.") : section.Value;

    /// <summary>Settings by name, or null when they are absent.</summary>
    public static IConfigurationSection? Section(IConfigurationSection section) =>
        section.GetChildren().Any() ? section
        : string.IsNullOrEmpty(section.Value) ? null
        : throw Error(section, $"this is a section, not the single value '{section.Value}'.");

    /// <summary>The items of a list, or null when it is absent. A list without items is an empty value, as in JSON's <c>[]</c>.</summary>
    public static IReadOnlyList<IConfigurationSection>? Items(IConfigurationSection section)
    {
        IConfigurationSection[] items = [.. section.GetChildren()];
        if (items.Length == 0)
        {
            return string.IsNullOrEmpty(section.Value) ? (section.Value is null ? null : items)
                : throw Error(
                    section,
                    $"this is a list, not the single value '{section.Value}'. Its items have the keys {section.Key}:0, {section.Key}:1, …");
        }

        return Array.Find(items, i => !int.TryParse(i.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _)) is { } named
            ? throw Error(named, "this is in a list, whose items have numbers as keys.")
            : items;
    }

    /// <summary>Sets a value, and names the key when the value is refused.</summary>
    public static void Guard(IConfigurationSection section, Action set)
    {
        try
        {
            set();
        }
        catch (ArgumentException e)
        {
            throw Error(section, OwnWords(e), e);
        }
    }

    public static ArgumentException Error(IConfiguration configuration, string message, Exception? cause = null) =>
        new(configuration is IConfigurationSection section ? $"{section.Path}: {message}" : message, cause);

    /// <summary>The message without the name of a parameter and the value, which .NET adds to it.</summary>
    public static string OwnWords(ArgumentException e) =>
        e.Message.IndexOf(" (Parameter '", StringComparison.Ordinal) is var end and > 0 ? e.Message[..end] : e.Message;
}
