namespace Glovebox.Sandboxes.Seccomp;

/// <summary>A system call that guest code may not make, or may make only with some arguments.</summary>
/// <param name="Name">Its name.</param>
/// <param name="X64">Its number on x64; negative: there is no such call.</param>
/// <param name="Arm64">Its number on arm64; negative: there is no such call.</param>
/// <param name="Error">The error that a refused call gets.</param>
internal sealed record SystemCallRule(string Name, int X64, int Arm64, uint Error = SystemCallRule.NotPermitted)
{
    public const uint NotPermitted = 1;
    public const uint NotImplemented = 38;
    public const uint NoAddressFamily = 97;

    /// <summary>When the call is allowed: when every test of one of these lists passes. Empty: never.</summary>
    public IReadOnlyList<IReadOnlyList<ArgumentTest>> AllowedWhen { get; init; } = [];

    /// <summary>Whether it keeps files with set-user-id and set-group-id bits from being made.</summary>
    public bool KeepsSetIdAway { get; init; }

    /// <summary>Whether it needs a test that a value is another one, which a profile for an engine cannot say reliably.</summary>
    public bool IsForProgramOnly => AllowedWhen.Any(all => all.Any(test => !test.IsEqual));
}

/// <summary>A test of the lower half of an argument, which is all that the kernel looks at where this is used.</summary>
/// <param name="Argument">Which argument, from 0.</param>
/// <param name="Mask">The bits that count.</param>
/// <param name="Value">What they are compared with.</param>
/// <param name="IsEqual">Whether they must be that, or must not.</param>
internal readonly record struct ArgumentTest(int Argument, uint Mask, uint Value, bool IsEqual = true);
