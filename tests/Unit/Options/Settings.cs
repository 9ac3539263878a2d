using Microsoft.Extensions.Configuration;

namespace Glovebox.Tests.Unit.Options;

/// <summary>Configuration in which every option is set to something that is not its default.</summary>
internal static class Settings
{
    public const string Bubblewrap = """
        {
          "Executor": {
            "Kind": "Bubblewrap",
            "Timeout": "00:02:03.5",
            "WorkDir": "/srv/work",
            "Environment": { "HTTP_PROXY": "http://proxy:1", "EMPTY": "" },
            "Languages": [
              {
                "Name": "ruby", "Extension": ".rb", "Programs": [ "ruby", "ruby3" ], "Arguments": [ "-W0", "{file}" ],
                "Aliases": [ "rb" ], "LineComments": [ "//", "--" ]
              },
              { "Name": "awk", "Extension": ".awk", "Programs": [ "awk" ], "Arguments": [ "-f" ], "LineComments": [] },
              { "Name": "sed", "Extension": ".sed", "Programs": [ "sed" ] }
            ],
            "FunctionsModule": "custom_tools",
            "FunctionLimits": { "MaxArgumentSize": 2048, "MaxResultSize": 4096, "MaxCallsPerSecond": 10, "MaxConcurrentCalls": 3 },
            "Egress": {
              "MaxConnections": 7, "MaxRequestsPerMinute": 60, "MaxBytes": 1000000, "IdleTimeout": "00:00:30", "ApprovalTimeout": "00:00:05"
            },
            "SetupTimeout": "00:10:00",
            "SetupEnvironment": { "PIP_INDEX_URL": "https://index" },
            "DeleteTempFiles": true,
            "StreamsWholeOutput": true,
            "Policy": {
              "Memory": 5368709120, "DiskSpace": 1048577, "MaxOutput": 4096, "Cpus": 1.5, "MaxProcesses": 12, "Network": "allowlist",
              "AllowedDomains": [ "pypi", "GET *.example.org:8443/v1" ],
              "ReadOnlyRootFilesystem": true, "User": "1001:1002"
            },
            "ReadOnlyPaths": [ "/opt/data", "/opt/models" ],
            "Preload": [ "numpy" ],
            "SkippedLanguages": [ "json", "text" ],
            "Packages": [ "requests>=2.31" ]
          }
        }
        """;

    public const string Local = """
        {
          "Executor": {
            "Kind": "local",
            "Timeout": "1.02:03:04",
            "WorkDir": "work",
            "Environment": { "A": "b" },
            "Languages": [ { "Name": "ruby", "Extension": ".rb", "Programs": [ "ruby" ] } ],
            "FunctionsModule": "custom_tools",
            "FunctionLimits": { "MaxConcurrentCalls": 3 },
            "SetupTimeout": "00:10:00",
            "SetupEnvironment": { "PIP_INDEX_URL": "https://index" },
            "DeleteTempFiles": true,
            "StreamsWholeOutput": true,
            "VirtualEnvironment": "/opt/venv",
            "Policy": {
              "Memory": 5368709120, "DiskSpace": 1048577, "MaxOutput": 2048, "Cpus": 1.5, "MaxProcesses": 12, "Network": "none",
              "ReadOnlyRootFilesystem": true, "User": "1001:1002"
            },
            "Preload": [ "numpy" ],
            "SkippedLanguages": [ "json", "text" ],
            "Packages": [ "requests>=2.31" ]
          }
        }
        """;

    public static BubblewrapCommandLineCodeExecutorOptions BubblewrapOptions => new()
    {
        Timeout = TimeSpan.FromSeconds(123.5),
        WorkDir = "/srv/work",
        Environment = { ["HTTP_PROXY"] = "http://proxy:1", ["EMPTY"] = "" },
        Languages =
        {
            new("ruby", ".rb", ["ruby", "ruby3"], ["-W0", "{file}"], ["rb"], ["//", "--"]),
            new("awk", ".awk", ["awk"], ["-f"]) { LineComments = [] },
            new("sed", ".sed", ["sed"], []),
        },
        FunctionsModule = "custom_tools",
        FunctionLimits = new() { MaxArgumentSize = 2048, MaxResultSize = 4096, MaxCallsPerSecond = 10, MaxConcurrentCalls = 3 },
        Egress = new()
        {
            MaxConnections = 7,
            MaxRequestsPerMinute = 60,
            MaxBytes = 1_000_000,
            IdleTimeout = TimeSpan.FromSeconds(30),
            ApprovalTimeout = TimeSpan.FromSeconds(5),
        },
        SetupTimeout = TimeSpan.FromMinutes(10),
        SetupEnvironment = { ["PIP_INDEX_URL"] = "https://index" },
        DeleteTempFiles = true,
        StreamsWholeOutput = true,
        Policy = new()
        {
            Memory = 5L << 30,
            DiskSpace = (1 << 20) + 1,
            MaxOutput = 4096,
            Cpus = 1.5,
            MaxProcesses = 12,
            Network = NetworkAccess.AllowList,
            AllowedDomains = ["pypi", "GET *.example.org:8443/v1"],
            ReadOnlyRootFilesystem = true,
            User = "1001:1002",
        },
        ReadOnlyPaths = { "/opt/data", "/opt/models" },
        Preload = { "numpy" },
        SkippedLanguages = { "json", "text" },
        Packages = { "requests>=2.31" },
    };

    public static LocalCommandLineCodeExecutorOptions LocalOptions => new()
    {
        Timeout = new TimeSpan(1, 2, 3, 4),
        WorkDir = "work",
        Environment = { ["A"] = "b" },
        Languages = { new("ruby", ".rb", ["ruby"], []) },
        FunctionsModule = "custom_tools",
        FunctionLimits = new() { MaxConcurrentCalls = 3 },
        SetupTimeout = TimeSpan.FromMinutes(10),
        SetupEnvironment = { ["PIP_INDEX_URL"] = "https://index" },
        DeleteTempFiles = true,
        StreamsWholeOutput = true,
        VirtualEnvironment = "/opt/venv",
        Policy = BubblewrapOptions.Policy with { MaxOutput = 2048, Network = NetworkAccess.None, AllowedDomains = [] },
        Preload = { "numpy" },
        SkippedLanguages = { "json", "text" },
        Packages = { "requests>=2.31" },
    };

    /// <summary>The section <c>Executor</c> of some JSON.</summary>
    public static IConfigurationSection Section(string json)
    {
        using MemoryStream stream = new(System.Text.Encoding.UTF8.GetBytes(json));
        return new ConfigurationBuilder().AddJsonStream(stream).Build().GetSection("Executor");
    }

    /// <summary>A section <c>Executor</c> with some settings, of a bubblewrap executor unless they say otherwise.</summary>
    public static IConfigurationSection Section(params (string Key, string? Value)[] settings)
    {
        Dictionary<string, string?> values = new() { ["Executor:Kind"] = "bubblewrap" };
        foreach ((string key, string? value) in settings)
        {
            values[$"Executor:{key}"] = value;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(values).Build().GetSection("Executor");
    }
}
