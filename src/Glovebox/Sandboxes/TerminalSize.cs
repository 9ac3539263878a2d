namespace Glovebox.Sandboxes;

/// <summary>The size of a terminal, in characters.</summary>
/// <param name="columns">How many characters a line has: 1 to 65,535.</param>
/// <param name="rows">How many lines there are: 1 to 65,535.</param>
/// <exception cref="ArgumentOutOfRangeException">A number is less than 1 or greater than 65,535.</exception>
public sealed class TerminalSize(int columns, int rows)
{
    /// <summary>Gets how many characters a line has.</summary>
    public int Columns { get; } = Check(columns, nameof(columns));

    /// <summary>Gets how many lines there are.</summary>
    public int Rows { get; } = Check(rows, nameof(rows));

    private static int Check(int value, string name) => value is >= 1 and <= ushort.MaxValue
        ? value
        : throw new ArgumentOutOfRangeException(name, value, "A terminal has 1 to 65,535 columns and rows.");
}
