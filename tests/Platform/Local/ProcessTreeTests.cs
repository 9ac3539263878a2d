using Glovebox.Sandboxes.Host;

namespace Glovebox.Tests.Platform.Local;

public sealed class ProcessTreeTests
{
    /// <summary>Process 1 and the kernel's threads have the parent 0, so all of them descend from "process 0".</summary>
    private static readonly Dictionary<int, int> Machine = new() { [1] = 0, [2] = 0, [50] = 1, [51] = 50, [52] = 51, [60] = 1, [61] = 60 };

    [Fact]
    public void Without_a_first_process_only_marked_ones_are_chosen()
    {
        Assert.Empty(ProcessTree.Choose(Machine, [], _ => false));
        Assert.Equal([61], ProcessTree.Choose(Machine, [], id => id == 61));
    }

    [Fact]
    public void Descendants_of_a_known_process_are_chosen_and_nothing_else() =>
        Assert.Equal([50, 51, 52], ProcessTree.Choose(Machine, [50], _ => false).Order());

    [Fact]
    public void Children_of_a_known_process_that_is_gone_already_are_chosen() =>
        Assert.Equal([61], ProcessTree.Choose(new() { [1] = 0, [61] = 60 }, [60], _ => false));
}
