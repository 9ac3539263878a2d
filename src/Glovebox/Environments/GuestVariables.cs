namespace Glovebox.Environments;

/// <summary>Checks environment variables that a caller named.</summary>
internal static class GuestVariables
{
    /// <exception cref="ArgumentException">A name is empty or holds <c>=</c> or NUL, or a value holds NUL or is null.</exception>
    public static void CopyTo(IEnumerable<KeyValuePair<string, string>> from, IDictionary<string, string> to)
    {
        foreach ((string name, string value) in from)
        {
            if (string.IsNullOrEmpty(name) || name.AsSpan().ContainsAny('=', '\0'))
            {
                throw new ArgumentException($"'{name}' is not the name of an environment variable.");
            }

            if (value is null || value.Contains('\0'))
            {
                throw new ArgumentException($"The value of the environment variable '{name}' is null or holds a NUL.");
            }

            to[name] = value;
        }
    }
}
