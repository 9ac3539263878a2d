using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Glovebox.Functions;
using Glovebox.Functions.Setup;

namespace Glovebox.Sandboxes.Bubblewrap;

/// <summary>A hash of all that decides what pip installs: two installations of one key come to the same, but for what an index
/// answers.</summary>
/// <remarks>Variables may hold passwords, so the key is a hash of them, in memory alone. Content counts, not paths and times: a wheel that
/// was changed is another wheel.</remarks>
internal sealed class PackageKey : IDisposable
{
    /// <summary>The most bytes of local wheels that are read for a key.</summary>
    private const long MaxContent = 1L << 30;

    /// <summary>Variables of pip that may hold a slash. Any other names a file that may name others, or an address.</summary>
    private static readonly string[] KnownPlaces =
        ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_PROXY", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_TRUSTED_HOST"];

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _content;

    private PackageKey()
    {
    }

    /// <summary>Makes the key; null where no key would say enough.</summary>
    /// <param name="offered">The packages, and the variables of the set-up.</param>
    /// <param name="python">The sandbox's interpreter.</param>
    /// <param name="variables">Variables of all programs.</param>
    /// <param name="readOnlyPaths">What the sandbox sees of the host beyond the system's folders.</param>
    /// <param name="hasNetwork">Whether the set-up has the network.</param>
    /// <exception cref="FunctionSetupException">A wheel that is named by its path cannot be read.</exception>
    public static string? Of(
        OfferedFunctions offered,
        string python,
        IReadOnlyDictionary<string, string> variables,
        IEnumerable<string> readOnlyPaths,
        bool hasNetwork)
    {
        // Of another interpreter, or of modules that a variable adds, a guest may be the author: the set-up would run its code.
        if (!CompiledAgents.Takes(python)
            || variables.Except(GuestVariables.Python).Any(v => IsOf(v.Key, "PYTHON") || IsOf(v.Key, "LD_"))
            || !offered.Set.Packages.All(IsNameOrWheel))
        {
            return null;
        }

        using PackageKey key = new();
        key.Add($"{python} {hasNetwork}");
        key.AddAll(readOnlyPaths);
        key.AddAll(SystemPackages.Describe(python));
        key.AddAll(offered.Set.Packages);
        foreach (LocalWheel wheel in offered.Set.Packages.Select(LocalWheel.Of).OfType<LocalWheel>())
        {
            using FileStream file = wheel.Open();
            if (!key.TryAdd(wheel.Path, file))
            {
                return null;
            }
        }

        return key.TryAdd(variables) && key.TryAdd(offered.SetupVariables) ? Convert.ToHexString(key._hash.GetHashAndReset()) : null;
    }

    public void Dispose() => _hash.Dispose();

    /// <summary>Whether a requirement says all by itself: what is at an address, or in a folder of sources, may change.</summary>
    private static bool IsNameOrWheel(string package) =>
        LocalWheel.Of(package) is not null || !(package[0] == '.' || package.AsSpan().ContainsAny('/', '@'));

    private static bool IsOf(string name, string family) => name.StartsWith(family, StringComparison.OrdinalIgnoreCase);

    private bool TryAdd(IReadOnlyDictionary<string, string> variables)
    {
        Add(variables.Count.ToString(CultureInfo.InvariantCulture));
        foreach ((string name, string value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            Add(name);
            Add(value);
            if (IsOf(name, "PIP_")
                && value.Contains('/', StringComparison.Ordinal)
                && !KnownPlaces.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                return false;
            }

            if (name.Equals("PIP_FIND_LINKS", StringComparison.OrdinalIgnoreCase) && !TryAddLinks(value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Adds the wheels of folders. A page of links leads elsewhere, as does a folder that is not there.</summary>
    private bool TryAddLinks(string links)
    {
        foreach (string link in links.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            string folder = link.StartsWith("file://", StringComparison.Ordinal) ? link["file://".Length..] : link;
            if (folder.Contains("://", StringComparison.Ordinal))
            {
                continue;
            }

            if (folder[0] != '/' || folder.Contains('%', StringComparison.Ordinal) || !Directory.Exists(folder))
            {
                return false;
            }

            foreach (string path in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            {
                string extension = Path.GetExtension(path).ToUpperInvariant();
                if (extension.StartsWith(".HTM", StringComparison.Ordinal))
                {
                    return false;
                }

                if (extension == ".WHL" && !TryAddFile(path))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool TryAddFile(string path)
    {
        using FileStream? file = LocalWheel.TryOpen(path, out _);
        return file is not null && TryAdd(path, file);
    }

    private bool TryAdd(string path, FileStream file)
    {
        Add(path);
        _content += file.Length;
        if (_content > MaxContent)
        {
            return false;
        }

        Add(SHA256.HashData(file));
        return true;
    }

    private void AddAll(IEnumerable<string> texts) => Add(string.Join('\0', texts));

    private void Add(string text) => Add(Encoding.UTF8.GetBytes(text));

    /// <summary>Adds a text with its length, so that no two lists of texts are alike.</summary>
    private void Add(ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        _hash.AppendData(length);
        _hash.AppendData(bytes);
    }
}
