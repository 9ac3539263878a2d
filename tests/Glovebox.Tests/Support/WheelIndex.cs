using System.IO.Compression;

namespace Glovebox.Tests.Support;

/// <summary>A folder of Python packages that pip installs from, without any network.</summary>
public sealed class WheelIndex : IDisposable
{
    /// <summary>Not in the temporary folder, which a sandbox has of its own.</summary>
    public string Path { get; } = Directory.CreateDirectory($"/var/tmp/glovebox-test-{Guid.NewGuid():n}").FullName;

    /// <summary>Makes pip look here and nowhere else.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["PIP_NO_INDEX"] = "1", ["PIP_FIND_LINKS"] = Path };

    /// <summary>Adds a package of one module.</summary>
    public WheelIndex Add(string name, string version, string code, params string[] requirements)
    {
        using ZipArchive wheel = ZipFile.Open(System.IO.Path.Combine(Path, $"{name}-{version}-py3-none-any.whl"), ZipArchiveMode.Create);
        string info = $"{name}-{version}.dist-info";
        Write(wheel, $"{name}.py", code);
        Write(wheel, $"{info}/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{string.Concat(requirements.Select(r => $"Requires-Dist: {r}\n"))}");
        Write(wheel, $"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: glovebox-tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n");
        Write(wheel, $"{info}/RECORD", $"{name}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n");
        return this;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static void Write(ZipArchive archive, string name, string text)
    {
        using StreamWriter writer = new(archive.CreateEntry(name).Open());
        writer.Write(text);
    }
}
