using System.Text.Json.Serialization;
using Glovebox.Egress;
using Glovebox.Functions;
using Glovebox.Hosting;
using Glovebox.Middleware;
using Microsoft.Extensions.AI;

namespace Glovebox;

/// <summary>Options of <see cref="CommandLineCodeExecutor"/>, which all executors have. An executor copies its options when it is made;
/// later changes have no effect.</summary>
public class CommandLineCodeExecutorOptions
{
    /// <summary>How long one block may run. Default: 60 seconds. <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> sets no
    /// limit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan Timeout
    {
        get;
        set => field = CheckTimeout(value, nameof(Timeout));
    } = TimeSpan.FromSeconds(60);

    /// <summary>The host directory in which code files are saved and files persist. It is made when missing and never deleted. Null, the
    /// default: one of its own, deleted with the executor.</summary>
    /// <exception cref="ArgumentException">Empty, or holds a NUL.</exception>
    public string? WorkDir
    {
        get;
        set
        {
            if (value is not null && (string.IsNullOrWhiteSpace(value) || value.Contains('\0')))
            {
                throw new ArgumentException("WorkDir must be a path, or null for a temporary directory.", nameof(WorkDir));
            }

            field = value;
        }
    }

    /// <summary>What guest code may use. Default: safe, see <see cref="ExecutionPolicy"/>. An executor that isolates nothing takes only
    /// <see cref="ExecutionPolicy.MaxOutput"/>.</summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public ExecutionPolicy Policy
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value, nameof(Policy));
            field = value;
        }
    } = new();

    /// <summary>Whether temporary code files are deleted after they ran; files with a <c># filename:</c> line never are. Default:
    /// false.</summary>
    public bool DeleteTempFiles { get; set; }

    /// <summary>Whether <see cref="OutputReceivedUpdate"/> brings all that a block prints, at once, and not only what
    /// <see cref="ExecutionPolicy.MaxOutput"/> keeps; the result keeps no more than that. A reader that falls behind by 64 Mi characters
    /// misses what comes then, and <see cref="OutputReceivedUpdate.DroppedBytes"/> says so. Default: false.</summary>
    public bool StreamsWholeOutput { get; set; }

    /// <summary>Python modules that the fork server imports once, before the first block (<c>numpy</c>, <c>pandas</c>); blocks then have
    /// them at once. Default: none.</summary>
    public IList<string> Preload { get; set => field = value ?? throw new ArgumentNullException(nameof(Preload)); } = [];

    /// <summary>Environment variables of guest programs, beyond the harmless ones that every sandbox sets (<c>PATH</c>, <c>HOME</c>,
    /// <c>LANG</c>, …); one named here wins. Default: none. Variables of the host reach the guest only when they are named here.</summary>
    public IDictionary<string, string> Environment
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(Environment));
    } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Languages beyond <see cref="CodeLanguage.Defaults"/>; one whose name or alias is taken replaces what had it. Default:
    /// none.</summary>
    /// <remarks>The binders of .NET take an empty list of line comments for an absent one; <see cref="CodeExecutorFactory"/> does
    /// not.</remarks>
    public IList<CodeLanguage> Languages { get; set => field = value ?? throw new ArgumentNullException(nameof(Languages)); } = [];

    /// <summary>Names of which blocks are passed over instead of being refused as of an unknown language: their result has exit code 0
    /// and <see cref="TerminationReason.Skipped"/>, and the next block runs. A language that has the name wins. Default: none;
    /// <see cref="LanguageRegistry.DataFormats"/> are the usual ones (<c>json</c>, <c>text</c>, <c>output</c>, <c>diff</c>, …).</summary>
    public IList<string> SkippedLanguages
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(SkippedLanguages));
    } = [];

    /// <summary>Python packages that guest code can import, each as a requirement of pip (<c>pandas</c>, <c>requests>=2.31</c>) or the
    /// path of a wheel. What the sandbox's Python does not have is installed in the set-up. Default: none.</summary>
    /// <remarks>The executor's constructor throws an <see cref="ArgumentException"/> for an empty requirement; its start throws a
    /// <see cref="FunctionSetupException"/> when one cannot be installed. Without a network, name a folder of wheels by
    /// <c>PIP_FIND_LINKS</c> of <see cref="SetupEnvironment"/>, or wheels by their paths. A wheel's path is one of the host, and a
    /// relative one begins at the current directory when the executor starts; in a container it is a path of the container. Under
    /// bubblewrap, executors of this process share for an hour what was installed from wheels.</remarks>
    public IList<string> Packages { get; set => field = value ?? throw new ArgumentNullException(nameof(Packages)); } = [];

    /// <summary>Functions that guest code can import from <see cref="FunctionsModule"/>. Default: none. Two kinds are understood: a
    /// <see cref="FunctionWithRequirements"/> runs in the sandbox; an <see cref="AIFunction"/> runs on the host, in this process, with
    /// arguments that <b>guest code chose</b>. Functions need a Python in the sandbox.</summary>
    /// <remarks>The executor's constructor throws an <see cref="ArgumentException"/> for a tool of another kind, for two of one name, and
    /// for a name that is not a Python identifier; its start throws a <see cref="FunctionSetupException"/> when a package cannot be
    /// installed or the module does not load. Configuration cannot hold functions; the source-generated binder of .NET says so (SYSLIB1100,
    /// SYSLIB1101).</remarks>
    [JsonIgnore]
    public IList<AITool> Functions { get; set => field = value ?? throw new ArgumentNullException(nameof(Functions)); } = [];

    /// <summary>The name of the module that holds the <see cref="Functions"/>. Default: <c>functions</c>. A file of that name in the
    /// work directory comes first, as it does for any module.</summary>
    /// <exception cref="ArgumentException">Not a Python identifier, or a keyword.</exception>
    public string FunctionsModule
    {
        get;
        set => field = FunctionSet.IsModuleName(value)
            ? value
            : throw new ArgumentException($"Module name must be a valid Python identifier, and not '{value}'.", nameof(FunctionsModule));
    } = "functions";

    /// <summary>What guest code may ask of functions on the host. Default: see <see cref="HostFunctionLimits"/>.</summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public HostFunctionLimits FunctionLimits
    {
        get;
        set
        {
            ArgumentNullException.ThrowIfNull(value, nameof(FunctionLimits));
            field = value;
        }
    } = new();

    /// <summary>Is asked before each call of a function that is an <see cref="ApprovalRequiredAIFunction"/>, one call at a time. The time
    /// of the block runs on meanwhile. Null, the default: such calls are denied, except where an agent's function that runs code asks for
    /// approval of the code with all that it calls. When it throws, the call fails.</summary>
    [JsonIgnore]
    public Func<FunctionCallContext, CancellationToken, ValueTask<ApprovalDecision>>? FunctionApproval { get; set; }

    /// <summary>How guest code reaches the hosts of <see cref="ExecutionPolicy.AllowedDomains"/>: limits, approval, secrets. It has an
    /// effect where <see cref="ExecutionPolicy.Network"/> is <see cref="NetworkAccess.AllowList"/>. Default: see
    /// <see cref="EgressOptions"/>.</summary>
    /// <exception cref="ArgumentNullException">Null.</exception>
    public EgressOptions Egress { get; set => field = value ?? throw new ArgumentNullException(nameof(Egress)); } = new();

    /// <summary>How long the installation of <see cref="Packages"/> and of the packages of <see cref="Functions"/> may take, and the
    /// check of the functions' module. Default: 5 minutes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or more than 24 days.</exception>
    public TimeSpan SetupTimeout
    {
        get;
        set
        {
            if (value <= TimeSpan.Zero || value.TotalMilliseconds > int.MaxValue)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(SetupTimeout), value, "SetupTimeout must be more than zero and at most 24 days.");
            }

            field = value;
        }
    } = TimeSpan.FromMinutes(5);

    /// <summary>Environment variables of the set-up alone, beyond <see cref="Environment"/>: guest code does not see them. For a package
    /// index with a password, say: <c>PIP_INDEX_URL</c>. Default: none.</summary>
    public IDictionary<string, string> SetupEnvironment
    {
        get;
        set => field = value ?? throw new ArgumentNullException(nameof(SetupEnvironment));
    } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Checks the longest time of a block. A timer takes at most <see cref="int.MaxValue"/> milliseconds.</summary>
    internal static TimeSpan CheckTimeout(TimeSpan value, string name) =>
        value == System.Threading.Timeout.InfiniteTimeSpan || value > TimeSpan.Zero && value.TotalMilliseconds <= int.MaxValue
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be more than zero and at most 24 days.");

    /// <summary>Copies the options, so that later changes of them have no effect.</summary>
    /// <summary>Paths in the sandbox under which the work directory is found, too: clients of other services write them into their
    /// code.</summary>
    internal IReadOnlyList<string> WorkDirectoryAliases { get; set; } = [];

    internal virtual CommandLineCodeExecutorOptions Copy()
    {
        CommandLineCodeExecutorOptions copy = (CommandLineCodeExecutorOptions)MemberwiseClone();
        copy.Policy = Policy with { };
        copy.Preload = [.. Preload];
        copy.Environment = new Dictionary<string, string>(Environment, StringComparer.Ordinal);
        copy.Languages = [.. Languages];
        copy.SkippedLanguages = [.. SkippedLanguages];
        copy.Packages = [.. Packages];
        copy.Functions = [.. Functions];
        copy.FunctionLimits = FunctionLimits with { };
        copy.Egress = Egress.Copy();
        copy.SetupEnvironment = new Dictionary<string, string>(SetupEnvironment, StringComparer.Ordinal);
        return copy;
    }

    /// <summary>Says why configuration cannot hold these options; null when it can.</summary>
    internal virtual string? WhyNotWritable() =>
        Functions.Count > 0 ? IsCode(nameof(Functions)) : FunctionApproval is not null ? IsCode(nameof(FunctionApproval))
        : Egress.Approve is not null ? IsCode($"{nameof(Egress)}.{nameof(Egress.Approve)}")
        : Egress.Secrets.Count > 0
            ? "Secrets of Egress are not written to configuration. Set them on the options of the executor that is read."
        : null;

    internal static string IsCode(string option) =>
        $"{option} cannot be written to configuration: it is code. Set it on the options of the executor that is read.";
}
