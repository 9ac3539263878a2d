using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Glovebox.Tests.Security.Harness;

/// <summary>What there is on the host to attack: a file, a variable, a process, ports, sockets.</summary>
internal sealed class HostFacts : IDisposable
{
    public const string SecretVariable = "GLOVEBOX_TEST_SECRET";

    private readonly TestFolder _folder = new("/var/tmp");
    private readonly TcpListener _tcp = new(IPAddress.IPv6Any, 0) { Server = { DualMode = true } };
    private readonly UdpClient _udp = new(new IPEndPoint(IPAddress.Any, 0));
    private readonly Socket _abstract = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Process _victim;

    private HostFacts()
    {
        Secret = HostProcesses.NewMarker();
        Content = HostProcesses.NewMarker();
        Environment.SetEnvironmentVariable(SecretVariable, Secret);
        SecretFile = _folder["secret"];
        File.WriteAllText(SecretFile, Content);
        _folder.SetMode("", "755");
        _folder.SetMode("secret", "644");
        string marker = HostProcesses.NewMarker(), name = HostProcesses.NewMarker();
        _victim = Process.Start("bash", ["-c", $"exec -a {marker} sleep 3600"]);
        _tcp.Start();
        _abstract.Bind(new UnixDomainSocketEndPoint("\0" + name));
        _abstract.Listen();
        _ = AnswerDatagramsAsync();
        _ = AnswerConnectionsAsync();
        Values = new Dictionary<string, object>
        {
            ["secret"] = Secret,
            ["file"] = SecretFile,
            ["content"] = Content,
            ["marker"] = marker,
            ["victim"] = _victim.Id,
            ["port"] = ((IPEndPoint)_tcp.LocalEndpoint).Port,
            ["udp"] = ((IPEndPoint)_udp.Client.LocalEndPoint!).Port,
            ["abstract"] = name,
            ["name"] = Dns.GetHostName(),
            ["addresses"] = Addresses(AddressFamily.InterNetwork),
            ["addresses6"] = Addresses(AddressFamily.InterNetworkV6),
            ["mnt"] = Namespace("mnt"),
            ["pid"] = Namespace("pid"),
            ["net"] = Namespace("net"),
            ["ipc"] = Namespace("ipc"),
            ["uts"] = Namespace("uts"),
            ["giant"] = 1L << 40,
            ["function"] = "sub",
            ["argument"] = 1L << 30,
            ["descriptors"] = 4_200,
            ["score"] = Math.Min(0, int.Parse(File.ReadAllText("/proc/self/oom_score_adj"), CultureInfo.InvariantCulture)) - 1,
            ["shadow"] = Environment.IsPrivilegedProcess ? Digests("/etc/shadow", "/etc/gshadow", "/etc/shadow-") : [],
            ["terminals"] = Kernel("pty/max") - Kernel("pty/reserve") + 1,

            // A share of the memory that the policy gives: see SetUps.Small.
            ["shm"] = 16L << 20,
        };
    }

    /// <summary>Those of this run of the tests; they go with the process.</summary>
    public static HostFacts Current { get; } = Make();

    public string Secret { get; }

    public string SecretFile { get; }

    /// <summary>Of the secret file.</summary>
    public string Content { get; }

    public IReadOnlyDictionary<string, object> Values { get; }

    /// <summary>These, and some that are others.</summary>
    public IReadOnlyDictionary<string, object> With(params (string Name, object Value)[] others)
    {
        Dictionary<string, object> values = new(Values);
        foreach ((string name, object value) in others)
        {
            values[name] = value;
        }

        return values;
    }

    public void Dispose()
    {
        _victim.Kill();
        _victim.Dispose();
        _tcp.Dispose();
        _udp.Dispose();
        _abstract.Dispose();
        _folder.Dispose();
    }

    private static HostFacts Make()
    {
        HostFacts facts = new();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => facts.Dispose();
        return facts;
    }

    private static string[] Digests(params string[] paths) =>
        [.. paths.Where(File.Exists).Select(p => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(p))))];

    private static int Kernel(string name) => int.Parse(File.ReadAllText("/proc/sys/kernel/" + name), CultureInfo.InvariantCulture);

    private static string Namespace(string kind) => new FileInfo("/proc/self/ns/" + kind).LinkTarget!;

    private static string[] Addresses(AddressFamily family) =>
    [
        .. NetworkInterface.GetAllNetworkInterfaces()
            .Where(n => n.OperationalStatus == OperationalStatus.Up && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(n => n.GetIPProperties().UnicastAddresses)
            .Where(a => a.Address.AddressFamily == family && !a.Address.IsIPv6LinkLocal)
            .Select(a => a.Address.ToString()),
    ];

    private async Task AnswerDatagramsAsync()
    {
        try
        {
            while (true)
            {
                UdpReceiveResult question = await _udp.ReceiveAsync();
                await _udp.SendAsync(question.Buffer, question.RemoteEndPoint);
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The tests are over.
        }
    }

    /// <summary>Sends back what comes first on each connection.</summary>
    private async Task AnswerConnectionsAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _tcp.AcceptSocketAsync());
            }
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // The tests are over.
        }

        static async Task AnswerAsync(Socket connection)
        {
            using (connection)
            {
                try
                {
                    byte[] buffer = new byte[512];
                    int count = await connection.ReceiveAsync(buffer);
                    await connection.SendAsync(buffer.AsMemory(0, count));
                }
                catch (SocketException)
                {
                    // An attack that wanted to connect, and nothing more.
                }
            }
        }
    }
}
