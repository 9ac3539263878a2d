using System.Globalization;
using Glovebox.Tests.Common.Contract.Egress;
using Glovebox.Tests.Platform.Docker.Support;

namespace Glovebox.Tests.Platform.Docker.Conformance;

public sealed class DockerEgress() : EgressConformance(DockerKind.Agent)
{
    /// <summary>Kills all processes of the container, which has a namespace of its own for them.</summary>
    protected override void Lose(Session session, string marker)
    {
        string? space = Namespace(HostProcesses.With(marker).Single());
        Assert.NotNull(space);
        Assert.NotEqual(Namespace(Environment.ProcessId), space);
        HostProcesses.Kill(
        [
            .. Directory.EnumerateDirectories("/proc").Select(f => Path.GetFileName(f)).Where(n => char.IsAsciiDigit(n[0]))
                .Select(n => int.Parse(n, CultureInfo.InvariantCulture)).Where(i => Namespace(i) == space),
        ]);
    }

    private static string? Namespace(int id)
    {
        try
        {
            return new FileInfo($"/proc/{id}/ns/pid").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
