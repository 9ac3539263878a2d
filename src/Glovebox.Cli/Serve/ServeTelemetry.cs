using Glovebox.Middleware;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Resources;

namespace Glovebox.Cli.Serve;

/// <summary>Sends traces and metrics to where the usual variables say (OpenTelemetry's <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> and its
/// fellows), and nowhere without them.</summary>
internal static class ServeTelemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string WebServer = "Microsoft.AspNetCore";

    public static void AddTo(IServiceCollection services)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Endpoint)))
        {
            return;
        }

        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("glovebox", serviceVersion: Program.Version))
            .WithTracing(tracing => tracing.AddSource(WebServer, OpenTelemetryExtensions.DefaultSourceName))
            .WithMetrics(metrics => metrics.AddMeter(
                $"{WebServer}.Hosting", $"{WebServer}.Server.Kestrel", OpenTelemetryExtensions.DefaultSourceName))
            .UseOtlpExporter();
    }
}
