using System.CommandLine;
using Glovebox.Cli.Executors;

namespace Glovebox.Cli.Serve;

/// <summary><c>glovebox serve</c>: its options.</summary>
internal static class ServeCommand
{
    public const string Name = "serve";

    /// <summary>What <c>glovebox serve --help</c> says beyond the options.</summary>
    public const string Notes =
        """
        Clients need a key: glovebox keys add NAME prints one.
        It ends at Ctrl-C or SIGTERM: no session is begun any more, what runs has --drain seconds to finish, and every sandbox ends.
        A second signal ends it at once; the sandboxes end with it.

        The file of --config is JSON. Templates names kinds of sessions, each with the options of an executor; Kestrel is the web server's
        own configuration, of certificates for instance:
          {"Templates": {"science": {"Kind": "docker-interpreter", "Image": "jupyter/scipy-notebook"}},
           "Kestrel": {"Certificates": {"Default": {"Path": "server.pem", "KeyPath": "server.key"}}}}

        Examples:
          glovebox serve
          glovebox serve --listen 0.0.0.0:8080 --allow-host sandboxes.example.org --max-sessions 50 --pool 4 --memory 1G

        """;

    private const int MostSessions = 10_000;

    public static Command Create()
    {
        Option<string[]> listen = new("--listen")
        {
            Description = "Where to listen. https:// before it for TLS. May be given more than once. Default: 127.0.0.1:8080.",
            HelpName = "ADDRESS:PORT",
        };
        listen.Validators.Add(ListenAddress.Check);
        Option<string?> data = DataOption();
        Option<int> maxSessions = new("--max-sessions")
        {
            Description = "The most sessions at a time, of all keys. Default: 16.",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 16,
            CustomParser = result => ExecutorArguments.ParseNumber(result, 1, MostSessions),
        };
        Option<int> pool = new("--pool")
        {
            Description = "Sandboxes that wait, started, for new sessions. Default: 1.",
            HelpName = "NUMBER",
            DefaultValueFactory = _ => 1,
            CustomParser = result => ExecutorArguments.ParseNumber(result, 0, 1000),
        };
        Option<double?> idleTimeout = Seconds(
            "--idle-timeout", "The time after which an unused session ends, with its files. Default: 1200.");
        Option<double?> maxLifetime = Seconds("--max-lifetime", "The longest that a session may live. Default: 86400.");
        Option<double?> drain = Seconds("--drain", "How long an end waits for what runs. Default: 10.");
        Option<string[]> allowHost = new("--allow-host")
        {
            Description = "A name by which clients may call the server, beside those of this machine alone. May be given more than once.",
            HelpName = "NAME",
        };
        Option<string[]> allowOrigin = new("--allow-origin")
        {
            Description = "An origin whose web pages may call the server. May be given more than once.",
            HelpName = "ORIGIN",
        };
        Option<string?> config = new("--config")
        {
            Description = "A file with templates and the web server's settings.",
            HelpName = "FILE",
        };
        Option<bool> auditCode = new("--audit-code") { Description = "Keep code and its output in the server's audit, too." };
        Option<bool> quiet = new("--quiet", "-q") { Description = "Log warnings and errors alone." };
        Command command = new(Name, "Serves sandboxes over HTTP: to its own clients, E2B's, Azure's and MCP's, and to browsers.")
        {
            listen, data, maxSessions, pool, idleTimeout, maxLifetime, drain, allowHost, allowOrigin, config, auditCode, quiet,
        };
        ExecutorArguments executor = new(hasAudit: false);
        foreach (Option option in executor.Options)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => ServeHost.RunAsync(
            new ServeRequest
            {
                Run = executor.Read(parsed, keepsState: true),
                Listen = parsed.GetValue(listen) is { Length: > 0 } addresses ? addresses : null,
                Data = parsed.GetValue(data),
                MaxSessions = parsed.GetValue(maxSessions),
                Pool = parsed.GetValue(pool),
                IdleTimeout = Time(parsed.GetValue(idleTimeout)),
                MaxLifetime = Time(parsed.GetValue(maxLifetime)),
                Drain = Time(parsed.GetValue(drain)),
                AllowedHosts = parsed.GetValue(allowHost) ?? [],
                AllowedOrigins = parsed.GetValue(allowOrigin) ?? [],
                Config = parsed.GetValue(config),
                AuditIncludesCode = parsed.GetValue(auditCode),
                Quiet = parsed.GetValue(quiet),
            },
            cancellationToken));
        return command;
    }

    /// <summary>The folder that <c>serve</c> and <c>keys</c> share.</summary>
    public static Option<string?> DataOption()
    {
        Option<string?> data = new("--data")
        {
            Description = "The folder with keys, sessions and audit. Default: glovebox in the user's state folder.",
            HelpName = "DIR",
        };
        data.Validators.Add(ExecutorArguments.NotEmpty);
        return data;
    }

    private static Option<double?> Seconds(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SECONDS",
        CustomParser = ExecutorArguments.ParseSeconds,
    };

    private static TimeSpan? Time(double? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;
}
