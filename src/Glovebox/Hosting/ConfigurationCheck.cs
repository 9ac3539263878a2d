using System.Globalization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Configuration;

namespace Glovebox.Hosting;

/// <summary>Finds what the configuration binder would pass over in silence: keys that no option has, a value where a section belongs, or a
/// section where a value does. Errors name the key.</summary>
internal static class ConfigurationCheck
{
    /// <summary>Makes sure that each key is for an option.</summary>
    /// <param name="configuration">The settings.</param>
    /// <param name="type">What the options hold.</param>
    /// <param name="otherKeys">Keys that are not for options.</param>
    /// <exception cref="ArgumentException">A key is unknown, or its value is of another form.</exception>
    public static void Keys(IConfiguration configuration, JsonTypeInfo type, params string[] otherKeys)
    {
        IEnumerable<IConfigurationSection> sections =
            configuration.GetChildren().ExceptBy(otherKeys, s => s.Key, StringComparer.OrdinalIgnoreCase);
        foreach (IConfigurationSection section in sections)
        {
            JsonPropertyInfo? property =
                type.Properties.FirstOrDefault(p => p.Name.Equals(section.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                IEnumerable<string> known = type.Properties.Where(IsNoCode).Select(p => p.Name).Order(StringComparer.Ordinal);
                throw Error(section, $"there is no such setting. There are: {string.Join(", ", known)}.");
            }

            Value(section, IsNoCode(property)
                ? type.Options.GetTypeInfo(property.PropertyType)
                : throw Error(section, "this is code, which configuration cannot hold."));
        }
    }

    public static ArgumentException Error(IConfiguration configuration, string message, Exception? cause = null) =>
        new(configuration is IConfigurationSection section ? $"{section.Path}: {message}" : message, cause);

    /// <summary>An error of the binder, or of an option that refused its value: its message, after the option's key or else the
    /// section's.</summary>
    public static ArgumentException Error(IConfiguration configuration, Exception cause)
    {
        string? option = (cause as ArgumentException)?.ParamName;
        string? key = option is null ? null : configuration.AsEnumerable(makePathsRelative: true).Select(s => s.Key)
            .FirstOrDefault(k => option.Equals(ConfigurationPath.GetSectionKey(k), StringComparison.OrdinalIgnoreCase));

        // .NET adds the name of the parameter and the value.
        string message = cause.Message.Split(" (Parameter '")[0];
        return Error(key is null ? configuration : configuration.GetSection(key), message, cause);
    }

    /// <summary>Whether a property is written; one that holds code is marked to be ignored.</summary>
    private static bool IsNoCode(JsonPropertyInfo property) => property.Get is not null;

    private static void Value(IConfigurationSection section, JsonTypeInfo type)
    {
        IConfigurationSection[] children = [.. section.GetChildren()];
        switch (type.Kind)
        {
            case JsonTypeInfoKind.None when children.Length > 0:
                throw Error(section, "this is a single value, not a section.");
            case JsonTypeInfoKind.None:
                Scalar(section, Nullable.GetUnderlyingType(type.Type) ?? type.Type);
                break;
            case JsonTypeInfoKind.Enumerable when children.Length == 0 && !string.IsNullOrEmpty(section.Value):
                throw Error(
                    section,
                    $"this is a list, not the single value '{section.Value}'. Its items have the keys {section.Key}:0, {section.Key}:1, …");
            case not JsonTypeInfoKind.Enumerable when children.Length == 0 && !string.IsNullOrEmpty(section.Value):
                throw Error(section, $"this is a section, not the single value '{section.Value}'.");
            case JsonTypeInfoKind.Object:
                Keys(section, type);
                break;
            default:
                Items(children, type.Options.GetTypeInfo(type.ElementType!), type.Kind == JsonTypeInfoKind.Enumerable);
                break;
        }
    }

    private static void Items(IConfigurationSection[] items, JsonTypeInfo type, bool isList)
    {
        foreach (IConfigurationSection item in items)
        {
            if (isList && !int.TryParse(item.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                throw Error(item, "this is in a list, whose items have numbers as keys.");
            }

            if (item.Value is null && !item.GetChildren().Any())
            {
                throw Error(item, "a value is missing.");
            }

            Value(item, type);
        }
    }

    /// <summary>The binder takes an empty value for an absent one, <c>60</c> for 60 days, and the numbers of an enumeration.</summary>
    private static void Scalar(IConfigurationSection section, Type type)
    {
        string? expected = type == typeof(TimeSpan) ? "a duration such as 00:01:00 (hours:minutes:seconds)"
            : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
            : type == typeof(string) ? null
            : type == typeof(bool) ? "true or false"
            : "a number";
        if (section.Value is { } text && expected is not null
            && (text.Length == 0 || (type == typeof(TimeSpan) && !text.Contains(':')) || (type.IsEnum && !char.IsAsciiLetter(text[0]))))
        {
            throw Error(section, $"'{text}' is not {expected}.");
        }
    }
}
