using System.Globalization;

namespace Glovebox.Cli.Run;

/// <summary>Sizes as people write them: <c>536870912</c>, <c>512M</c>, <c>1.5G</c>, <c>2GiB</c>. Units are powers of 1024.</summary>
internal static class ByteSize
{
    private const string Units = "KMGT";

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        string number = text.Trim().ToUpperInvariant();
        if (number.EndsWith("IB", StringComparison.Ordinal))
        {
            number = number[..^2];
        }
        else if (number.EndsWith('B'))
        {
            number = number[..^1];
        }

        double factor = 1;
        if (number.Length > 0 && Units.IndexOf(number[^1], StringComparison.Ordinal) is >= 0 and int unit)
        {
            factor = Math.Pow(1024, unit + 1);
            number = number[..^1];
        }

        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            || value * factor > long.MaxValue / 2)
        {
            return false;
        }

        bytes = (long)(value * factor);
        return bytes > 0;
    }

    /// <summary>A size for the eye: <c>1.5 MiB</c>.</summary>
    public static string Format(long bytes)
    {
        double value = bytes;
        int unit = -1;
        while (value >= 1024 && unit < Units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return unit < 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} {(bytes == 1 ? "byte" : "bytes")}")
            : string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {Units[unit]}iB");
    }
}
