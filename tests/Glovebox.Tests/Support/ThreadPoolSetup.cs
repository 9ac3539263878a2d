using System.Runtime.CompilerServices;

namespace Glovebox.Tests.Support;

/// <summary>Lets many tests run at once on a machine with few processors.</summary>
internal static class ThreadPoolSetup
{
    /// <summary>A host process holds a thread for each of its pipes. The pool adds only a thread or two a second beyond its minimum, and until then
    /// every test of the process would wait. That is so wherever many programs run on the host at once; what the product promises does not hang
    /// on it.</summary>
    [ModuleInitializer]
    public static void AllowManyThreads() => ThreadPool.SetMinThreads(100, 1);
}
