[assembly: AssemblyFixture(typeof(SharedSandboxes))]

namespace Glovebox.Tests.Platform;

/// <summary>Output without end. Nothing else runs meanwhile, so that the memory that is measured is ours.</summary>
[CollectionDefinition("Floods", DisableParallelization = true)]
public sealed class Floods;
