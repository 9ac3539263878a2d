using System.Collections.Concurrent;
using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Glovebox.Tests.Common.Egress;

/// <summary>Registries of packages and a git repository on the host's loopback, as names below <c>good.test</c>. Each has one package, <c>gb-hello</c>,
/// which says hello. The index below <c>/private</c> is for those who know <see cref="Password"/>.</summary>
internal sealed class Registries : IAsyncDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly WheelIndex _wheels = new WheelIndex().Add("gb_hello", "1.0", "print('hello from pip')");
    private readonly TestFolder _repository = new();
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly byte[] _npm = NpmPackage();
    private readonly byte[] _nuget = NuGetPackage();

    public Registries()
    {
        Plain = new EgressServer(talk: (stream, ending) => TalkAsync("http", stream, ending));
        Tls = new EgressServer(_authority.Server, (stream, ending) => TalkAsync("https", stream, ending));
    }

    public EgressServer Plain { get; }

    public EgressServer Tls { get; }

    public string Password { get; } = Guid.NewGuid().ToString("n");

    /// <summary>The heads of the requests.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    /// <summary>The certificate of the servers' authority.</summary>
    public string Pem => _authority.Pem;

    /// <summary>Puts the addresses of the servers into a program: <c>{http}</c> and <c>{https}</c> stand for their ports.</summary>
    public string Address(string code) => code
        .Replace("{https}", Tls.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("{http}", Plain.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    /// <summary>Has guest code reach what some rules allow.</summary>
    /// <param name="options">The options of an executor.</param>
    /// <param name="rules">The rules, with ports as in <see cref="Address"/>.</param>
    public void Configure(CommandLineCodeExecutorOptions options, params string[] rules)
    {
        options.Policy = options.Policy with { Network = NetworkAccess.AllowList, AllowedDomains = [.. rules.Select(Address)] };
        options.Egress.AuthoritiesFile = _authority.PemFile;
        options.Egress.Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback]);
    }

    /// <summary>Makes the git repository.</summary>
    public async Task MakeRepositoryAsync()
    {
        const string script = """
            export HOME=$PWD GIT_CONFIG_NOSYSTEM=1
            git init -q -b main work
            cd work
            echo 'hello from git' >README
            git add README
            git -c user.name=x -c user.email=x@example.org commit -q -m first
            git clone -q --bare . ../hello.git
            cd ../hello.git
            git update-server-info
            """;
        ProcessStartInfo info = new("bash", ["-e", "-c", script]) { WorkingDirectory = _repository.Path, RedirectStandardError = true };
        using Process process = Process.Start(info)!;
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, errors);
    }

    public async ValueTask DisposeAsync()
    {
        await Plain.DisposeAsync();
        await Tls.DisposeAsync();
        _authority.Dispose();
        _wheels.Dispose();
        _repository.Dispose();
    }

    private async Task TalkAsync(string scheme, Stream stream, CancellationToken ending)
    {
        using StreamReader reader = new(stream, Encoding.Latin1, leaveOpen: true);
        while (await reader.ReadLineAsync(ending) is { Length: > 0 } request)
        {
            Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
            while (await reader.ReadLineAsync(ending) is { Length: > 0 } header)
            {
                headers[header.Split(": ")[0]] = header[(header.IndexOf(": ", StringComparison.Ordinal) + 2)..];
            }

            _requests.Enqueue(request + "\n" + string.Concat(headers.Select(h => $"{h.Key}: {h.Value}\n")));
            if (int.Parse(headers.GetValueOrDefault("Content-Length") ?? "0", CultureInfo.InvariantCulture) is > 0 and int length)
            {
                await reader.ReadBlockAsync(new char[length], ending);
            }

            (string type, byte[]? body) = Answer($"{scheme}://{headers["Host"]}", request.Split(' ')[1], headers.GetValueOrDefault("Authorization"));
            string head = $"HTTP/1.1 {(body is null ? "404 Not Found" : "200 OK")}\r\nContent-Type: {type}\r\nContent-Length: {body?.Length ?? 0}\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head), ending);
            await stream.WriteAsync(request.StartsWith("HEAD ", StringComparison.Ordinal) ? [] : body ?? [], ending);
        }
    }

    private (string Type, byte[]? Body) Answer(string server, string path, string? authorization) => path.Split('?')[0].Split('/')[1..] switch
    {
        [""] => ("text/plain", "hello"u8.ToArray()),
        ["private", .. string[] rest] => authorization == $"Bearer {Password}" ? Answer(server, "/" + string.Join('/', rest), null) : ("text/plain", null),
        ["simple", "gb-hello", ""] => ("text/html", "<!DOCTYPE html><a href='../../wheels/gb_hello-1.0-py3-none-any.whl'>gb_hello</a>"u8.ToArray()),
        ["wheels", string name] => ("application/zip", File.ReadAllBytes(Path.Combine(_wheels.Path, Path.GetFileName(name)))),
        ["gb-hello"] => ("application/json", Encoding.UTF8.GetBytes($$$$$"""
            {"name": "gb-hello", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": {"name": "gb-hello", "version": "1.0.0",
             "dist": {"tarball": "{{{{{server}}}}}/gb-hello.tgz", "integrity": "sha512-{{{{{Convert.ToBase64String(SHA512.HashData(_npm))}}}}}"}}}}
            """)),
        ["gb-hello.tgz"] => ("application/octet-stream", _npm),
        ["v3", "index.json"] => ("application/json", Encoding.UTF8.GetBytes(
            $$"""{"version": "3.0.0", "resources": [{"@id": "{{server}}/flat/", "@type": "PackageBaseAddress/3.0.0"}]}""")),
        ["flat", "gb.hello", "index.json"] => ("application/json", """{"versions": ["1.0.0"]}"""u8.ToArray()),
        ["flat", "gb.hello", "1.0.0", "gb.hello.1.0.0.nupkg"] => ("application/zip", _nuget),
        ["hello.git", ..] when File.Exists(_repository[path.Split('?')[0][1..]]) => ("text/plain", File.ReadAllBytes(_repository[path.Split('?')[0][1..]])),
        _ => ("text/plain", null),
    };

    private static byte[] NpmPackage()
    {
        using MemoryStream bytes = new();
        using (GZipStream packed = new(bytes, CompressionLevel.Fastest, leaveOpen: true))
        using (TarWriter archive = new(packed, TarEntryFormat.Pax))
        {
            Write("package.json", """{"name": "gb-hello", "version": "1.0.0", "main": "index.js"}""");
            Write("index.js", "console.log('hello from npm')");

            void Write(string name, string text) => archive.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, "package/" + name)
            {
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)),
            });
        }

        return bytes.ToArray();
    }

    private static byte[] NuGetPackage()
    {
        using MemoryStream bytes = new();
        using (ZipArchive archive = new(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            using StreamWriter writer = new(archive.CreateEntry("Gb.Hello.nuspec").Open());
            writer.Write("""
                <package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>
                  <id>Gb.Hello</id><version>1.0.0</version><authors>x</authors><description>hello from NuGet</description>
                </metadata></package>
                """);
        }

        return bytes.ToArray();
    }
}
