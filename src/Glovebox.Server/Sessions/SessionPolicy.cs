using Glovebox.Egress;
using Glovebox.Server.Keys;
using Glovebox.Server.Requests;

namespace Glovebox.Server.Sessions;

/// <summary>Makes the policy of a session: that of its template, less what the client gives up, within what its key may use.</summary>
internal static class SessionPolicy
{
    /// <summary>Sets the options of a session's executor.</summary>
    /// <exception cref="ApiException">The client asks for more than it may have.</exception>
    public static void Apply(CommandLineCodeExecutorOptions options, SessionRequest request, KeyLimits limits)
    {
        ExecutionPolicy template = options.Policy;
        options.Policy = template with
        {
            Memory = Bounded("memory", request.Memory, template.Memory, limits.MaxMemory),
            Cpus = Bounded("cpus", request.Cpus, template.Cpus, limits.MaxCpus),
            MaxProcesses = Bounded("maxProcesses", request.MaxProcesses, template.MaxProcesses, null),
            DiskSpace = Bounded("diskSpace", request.DiskSpace, template.DiskSpace, null),
        };
        SetNetwork(options, request, limits.Network ?? KeyNetwork.Template);
        options.Timeout = request.Timeout ?? options.Timeout;
        options.Packages = [.. options.Packages, .. request.Packages];
        options.Functions = [.. options.Functions, .. request.Functions];
        foreach (EgressSecret secret in request.Secrets)
        {
            options.Egress.Secrets.Add(secret);
        }

        foreach ((string name, string value) in request.Environment)
        {
            options.Environment[name] = value;
        }
    }

    /// <summary>What was asked for, or else the least of what may be had.</summary>
    private static T? Bounded<T>(string name, T? asked, T? ofTemplate, T? ofKey)
        where T : struct, IComparable<T>
    {
        T? most = ofTemplate is { } a && ofKey is { } b ? (a.CompareTo(b) <= 0 ? a : b) : ofTemplate ?? ofKey;
        return asked is { } value && most is { } bound && value.CompareTo(bound) > 0
            ? throw OverLimit($"The session may have {name} of at most {bound}, and {value} was asked for.")
            : asked ?? most;
    }

    private static void SetNetwork(CommandLineCodeExecutorOptions options, SessionRequest request, KeyNetwork allowed)
    {
        ExecutionPolicy template = options.Policy;
        if (request.Network is null && request.AllowedDomains.Count == 0)
        {
            if (allowed == KeyNetwork.None)
            {
                options.Policy = template with { Network = NetworkAccess.None, AllowedDomains = [] };
            }

            return;
        }

        NetworkAccess asked = request.Network ?? NetworkAccess.AllowList;
        if (asked == NetworkAccess.AllowList)
        {
            CheckList(request.AllowedDomains, template, allowed);
        }
        else if (request.AllowedDomains.Count > 0)
        {
            throw ApiException.Invalid($"Allowed domains do not go with the network {asked}.");
        }
        else if (asked != NetworkAccess.None && (allowed == KeyNetwork.None || !Includes(template.Network, asked)))
        {
            throw OverLimit($"The session may not have the network {asked}.");
        }

        options.Policy = template with { Network = asked, AllowedDomains = request.AllowedDomains };
    }

    private static bool Includes(NetworkAccess template, NetworkAccess asked) =>
        template == NetworkAccess.Full || template == asked || (asked == NetworkAccess.SetupOnly && template == NetworkAccess.AllowList);

    private static void CheckList(IReadOnlyList<string> rules, ExecutionPolicy template, KeyNetwork allowed)
    {
        IReadOnlyList<string> ofTemplate = template.Network == NetworkAccess.AllowList ? template.AllowedDomains : [];
        foreach (string rule in rules)
        {
            bool isAllowed = allowed switch
            {
                KeyNetwork.None => false,
                _ when ofTemplate.Contains(rule, StringComparer.OrdinalIgnoreCase) => true,
                KeyNetwork.Template => template.Network == NetworkAccess.Full && IsPublic(rule),
                _ => IsPublic(rule),
            };
            if (!isAllowed)
            {
                throw OverLimit($"The session may not reach '{WorkspacePath.Printable(rule)}'.");
            }
        }
    }

    /// <summary>Whether a rule leads to public addresses alone. Others are for who runs the server to allow, in a template.</summary>
    private static bool IsPublic(string rule) => EgressPresets.Expand(rule).All(r => !EgressRule.Parse(r).AllowsPrivate);

    private static ApiException OverLimit(string message) =>
        new(403, "over-limit", message, "Who runs the server can allow more, for the template or the key.");
}
