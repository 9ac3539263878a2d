namespace Glovebox.Tests.Common;

/// <summary>The system's clock, chosen by a test: without it, <see cref="Session"/> takes a clock that stands still.</summary>
public sealed class RealClock : TimeProvider;
