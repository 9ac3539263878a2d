using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Glovebox.Hosting;

/// <summary>How a single value is written in configuration.</summary>
/// <param name="Expected">What the text must be, in words that end "… is not".</param>
/// <param name="TryParse">Reads it.</param>
/// <param name="ToText">Writes it; never given null.</param>
internal sealed record SettingFormat<TValue>(string Expected, TryParseSetting<TValue> TryParse, Func<object, string> ToText);

internal delegate bool TryParseSetting<TValue>(string text, [MaybeNullWhen(false)] out TValue value);

/// <summary>The formats that options need. All are independent of the culture.</summary>
internal static class SettingFormat
{
    public static SettingFormat<string> Text { get; } = new(
        "text",
        static (string text, [MaybeNullWhen(false)] out string value) =>
        {
            value = text;
            return true;
        },
        static value => (string)value);

    public static SettingFormat<bool> Flag { get; } = new("true or false", bool.TryParse, static value => (bool)value ? "true" : "false");

    public static SettingFormat<int> Integer { get; } = new(
        "a whole number",
        static (string text, out int value) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value),
        Invariant);

    public static SettingFormat<long> LongInteger { get; } = new(
        "a whole number",
        static (string text, out long value) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value),
        Invariant);

    public static SettingFormat<double> Number { get; } = new(
        "a number",
        static (string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value),
        Invariant);

    /// <summary>A number alone is refused: TimeSpan takes it for days.</summary>
    public static SettingFormat<TimeSpan> Duration { get; } = new(
        "a duration such as 00:01:00 (hours:minutes:seconds)",
        static (string text, out TimeSpan value) =>
        {
            value = default;
            return text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);
        },
        Invariant);

    /// <summary>A name of the enumeration; its numbers are refused.</summary>
    public static SettingFormat<TEnum> Choice<TEnum>()
        where TEnum : struct, Enum => new(
            "one of " + string.Join(", ", Enum.GetNames<TEnum>()),
            static (string text, out TEnum value) =>
            {
                value = default;
                return Enum.GetNames<TEnum>().Contains(
                    text, StringComparer.OrdinalIgnoreCase) && Enum.TryParse(text, ignoreCase: true, out value);
            },
            static value => value.ToString()!);

    private static string Invariant(object value) => ((IFormattable)value).ToString(null, CultureInfo.InvariantCulture);
}
