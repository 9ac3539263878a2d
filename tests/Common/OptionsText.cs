using System.Collections;
using System.Globalization;
using System.Reflection;
using Glovebox.Egress;

namespace Glovebox.Tests.Common;

/// <summary>Options as text, by which two of them can be compared: one line for each property that there is, now and later.</summary>
public static class OptionsText
{
    public static SortedDictionary<string, string> Of(object options)
    {
        SortedDictionary<string, string> lines = new(StringComparer.Ordinal);
        Add(lines, "", options);
        return lines;
    }

    private static void Add(SortedDictionary<string, string> lines, string prefix, object value)
    {
        foreach (PropertyInfo property in value.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            object? inner = property.GetValue(value);
            if (inner is ExecutionPolicy or EgressOptions)
            {
                Add(lines, property.Name + ".", inner);
            }
            else
            {
                lines[prefix + property.Name] = Text(inner);
            }
        }
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        string text => $"'{text}'",
        IDictionary<string, string> map => "{" + string.Join(", ", map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}='{p.Value}'")) + "}",
        CodeLanguage language => $"({string.Join(", ", Of(language).Select(p => $"{p.Key}={p.Value}"))})",
        IEnumerable list => "[" + string.Join(", ", list.Cast<object?>().Select(Text)) + "]",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
