using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Glovebox.Tests.Common;

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

    /// <summary>Adds a package of one module that has to be built, by code that needs nothing and leaves a list <c>FOUND</c> to the
    /// module.</summary>
    /// <returns>The archive's path.</returns>
    public string AddSource(string name, string version, string code)
    {
        string file = System.IO.Path.Combine(Path, $"{name}-{version}.tar.gz");
        using GZipStream stream = new(File.Create(file), CompressionLevel.Fastest);
        using TarWriter archive = new(stream, TarEntryFormat.Pax);
        Write("PKG-INFO", $"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        Write("pyproject.toml", "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n");
        Write(
            "backend.py",
            $$"""
            import os, zipfile
            FOUND = []
            {{code}}
            def build_wheel(folder, settings=None, metadata=None):
                name, info = '{{name}}-{{version}}-py3-none-any.whl', '{{name}}-{{version}}.dist-info'
                with zipfile.ZipFile(os.path.join(folder, name), 'w') as wheel:
                    wheel.writestr('{{name}}.py', 'FOUND = %r' % FOUND)
                    wheel.writestr(info + '/METADATA', 'Metadata-Version: 2.1\nName: {{name}}\nVersion: {{version}}\n')
                    wheel.writestr(info + '/WHEEL', 'Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
                    wheel.writestr(info + '/RECORD', '{{name}}.py,,\n' + ''.join(info + '/%s,,\n' % f for f in ('METADATA', 'WHEEL', 'RECORD')))
                return name
            """);
        return file;

        void Write(string path, string text) => archive.WriteEntry(
            new PaxTarEntry(TarEntryType.RegularFile, $"{name}-{version}/{path}") { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private static void Write(ZipArchive archive, string name, string text)
    {
        using StreamWriter writer = new(archive.CreateEntry(name).Open());
        writer.Write(text);
    }
}
