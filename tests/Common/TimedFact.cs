using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

namespace Glovebox.Tests.Common;

/// <summary>A test that has a time-out even where it names none, so that none can only hang. Every test project calls it
/// <c>[Fact]</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(TimedFactDiscoverer))]
public sealed class TimedFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : Xunit.FactAttribute(sourceFilePath, sourceLineNumber);

/// <summary>As <see cref="TimedFactAttribute"/>, for tests with data. Every test project calls it <c>[Theory]</c>.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(TimedTheoryDiscoverer))]
public sealed class TimedTheoryAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : Xunit.TheoryAttribute(sourceFilePath, sourceLineNumber);

public sealed class TimedFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        base.Discover(discoveryOptions, testMethod, TestTime.Limited(testMethod, factAttribute));
}

public sealed class TimedTheoryDiscoverer : TheoryDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        base.Discover(discoveryOptions, testMethod, TestTime.Limited(testMethod, factAttribute));
}

internal static class TestTime
{
    /// <summary>Far more than any test takes on a busy machine, in milliseconds.</summary>
    private const int Limit = 180_000;

    /// <summary>Gives a test a time-out, unless it names one. The framework can give none to a method that is not asynchronous.</summary>
    public static IFactAttribute Limited(IXunitTestMethod method, IFactAttribute attribute)
    {
        if (attribute is Xunit.FactAttribute { Timeout: 0 } fact && method.Method.ReturnType != typeof(void))
        {
            fact.Timeout = Limit;
        }

        return attribute;
    }
}
