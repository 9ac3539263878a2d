using Glovebox.Tests.Common.Contract.Egress;

namespace Glovebox.Tests.Contract.Egress;

public sealed class BubblewrapEgress() : EgressConformance(ExecutorKind.Bubblewrap)
{
    protected override void Lose(Session session, string marker) => HostProcesses.Kill(HostProcesses.OfSandbox(session.Folder.Path));
}
