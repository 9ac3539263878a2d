namespace Glovebox.Tests.Common;

/// <summary>Tells whether a guest process lives by a file that it holds locked: a lock ends with the last process that shares it.</summary>
public static class HeldFile
{
    /// <summary>Python that locks a file of the work directory until its process and all that it forks have ended.</summary>
    public static string Lock(string name) => $"import fcntl; lock = open('{name}', 'w'); fcntl.flock(lock, fcntl.LOCK_EX)";

    public static bool IsHeld(string path)
    {
        try
        {
            // Without sharing, .NET asks for the same kind of lock.
            using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException))
        {
            return true;
        }
    }

    public static Task IsFreeAsync(string path) => Eventually.AreBuriedAsync(() => !IsHeld(path), "the lock's holder is gone");
}
