namespace Glovebox.Egress;

/// <summary>The path of a request, as rules compare it.</summary>
internal static class RequestPath
{
    /// <summary>Gives the path in the form in which rules are written: without the query, and with what means the same written the same.
    /// Null when servers may read it differently.</summary>
    public static string? Normalize(string target)
    {
        int end = target.IndexOf('?');
        string path = end < 0 ? target : target[..end];
        if (!path.StartsWith('/') || path.Contains('#'))
        {
            return null;
        }

        // What is escaped some servers take for the letter and others do not, and each has its own idea of dots and backslashes.
        string[] segments = path.Split('/');
        for (int i = 1; i < segments.Length; i++)
        {
            string plain = segments[i].Contains('%') ? Uri.UnescapeDataString(segments[i]) : segments[i];
            if (plain is "." or ".." || plain.AsSpan().ContainsAny("/\\\0;") || plain.Contains('%')
                || (plain.Length == 0 && i < segments.Length - 1))
            {
                return null;
            }

            segments[i] = plain;
        }

        return string.Join('/', segments);
    }
}
