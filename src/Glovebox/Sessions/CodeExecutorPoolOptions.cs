namespace Glovebox.Sessions;

/// <summary>Options of <see cref="CodeExecutorPool"/>.</summary>
public sealed class CodeExecutorPoolOptions
{
    /// <summary>How many executors wait, started, to be taken. Default: 2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 or more than 1,000.</exception>
    public int Size
    {
        get;
        set
        {
            CheckRange(value, nameof(Size));
            field = value;
        }
    } = 2;

    /// <summary>How many executors there are at most, waiting and taken; who wants another waits until a taken one is disposed. At least
    /// 1. Null, the default: no limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1.</exception>
    public int? MaxExecutors
    {
        get;
        set
        {
            if (value is { } number)
            {
                ArgumentOutOfRangeException.ThrowIfLessThan(number, 1, nameof(MaxExecutors));
            }

            field = value;
        }
    }

    /// <summary>How many executors are started at the same time. Default: 2.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 or more than 1,000.</exception>
    public int MaxConcurrentStarts
    {
        get;
        set
        {
            CheckRange(value, nameof(MaxConcurrentStarts));
            field = value;
        }
    } = 2;

    private static void CheckRange(int value, string name)
    {
        if (value is < 1 or > 1000)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be from 1 to 1,000.");
        }
    }
}
