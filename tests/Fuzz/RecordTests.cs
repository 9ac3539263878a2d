using Glovebox.Tests.Fuzz.Support;

namespace Glovebox.Tests.Fuzz;

/// <summary>Records the corpus anew. Built only when that is asked for: see the README of the corpus.</summary>
public sealed class RecordTests
{
    [Fact(Timeout = 120_000)]
    public Task Traffic_of_a_real_agent_is_recorded() => CorpusRecorder.RecordAsync();

    [Fact(Timeout = 120_000)]
    public Task Traffic_of_a_real_supervisor_is_recorded() => SupervisorRecorder.RecordAsync();
}
