using System.Globalization;
using System.Text.RegularExpressions;
using Sleigh.Api.Errors;
using Sleigh.Api.Json;
using Sleigh.Network;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Requests;

/// <summary>Body of <c>POST /sandboxes</c>: right in type, not yet in value.</summary>
internal sealed partial record CreateSandboxRequest
{
    private const string GrowthLabel = "auto_expand_memory";
    private const int LeastMemoryMb = 16;
    private const int LeastDiskMb = 64;
    private const double LeastCpus = 0.05;

    private static readonly Dictionary<string, NetworkMode> Networks = new() { ["none"] = NetworkMode.None, ["bridge"] = NetworkMode.Bridge, ["host"] = NetworkMode.Host };
    private static readonly string[] OomActions = ["report", "rollback"];
    private static readonly string[] AutoSnapshots = ["off", "exec"];

    private string? Image { get; init; }

    private IReadOnlyDictionary<string, string>? Labels { get; init; }

    private long? MemoryLimitMb { get; init; }

    private string? MemoryLimitText { get; init; }

    private bool ConfirmLowMemory { get; init; }

    private bool? AutoExpandMemory { get; init; }

    private string? ImagePullPolicy { get; init; }

    private string? Name { get; init; }

    private double? Cpus { get; init; }

    private long? PidsLimit { get; init; }

    private long? DiskLimitMb { get; init; }

    private string? Network { get; init; }

    private NetworkRequest? Policy { get; init; }

    private string? User { get; init; }

    private IReadOnlyDictionary<string, string>? Env { get; init; }

    private IReadOnlyDictionary<string, string>? Secrets { get; init; }

    private long? TtlSeconds { get; init; }

    private string? RuntimeClass { get; init; }

    private bool? ReadOnly { get; init; }

    private long? MemoryCeilingMb { get; init; }

    private string? MemoryCeilingText { get; init; }

    private string? OnOom { get; init; }

    private string? AutoSnapshotWord { get; init; }

    private IReadOnlyList<long>? Ports { get; init; }

    /// <summary>As sent; looked up after the values have been checked.</summary>
    public string? SnapshotId { get; private init; }

    /// <summary>Checks the types.</summary>
    public static CreateSandboxRequest Read(BodyFields fields)
    {
        (string? network, BodyFields? policy) = fields.StringOrObject("network");
        NetworkRequest? asked = policy is { } members ? NetworkRequest.Read(members) : null;
        return ReadOthers(fields) with { Network = network ?? (asked is null ? null : asked.IsHost ? "host" : "bridge"), Policy = asked };
    }

    private static CreateSandboxRequest ReadOthers(BodyFields fields) => new()
    {
        Image = fields.String("image"),
        Labels = fields.Strings("labels"),
        MemoryLimitMb = fields.Integer("memory_limit_mb"),
        MemoryLimitText = fields.NumberText("memory_limit_mb"),
        ConfirmLowMemory = fields.Boolean("confirm_low_memory") ?? false,
        AutoExpandMemory = fields.Boolean("auto_expand_memory"),
        ImagePullPolicy = fields.String("image_pull_policy"),
        Name = fields.String("name"),
        Cpus = fields.Number("cpus"),
        PidsLimit = fields.Integer("pids_limit"),
        DiskLimitMb = fields.Integer("disk_limit_mb"),
        User = fields.String("user"),
        Env = fields.Strings("env"),
        Secrets = fields.Strings("secrets"),
        TtlSeconds = fields.Integer("ttl_seconds"),
        RuntimeClass = fields.String("runtime"),
        ReadOnly = fields.Boolean("read_only"),
        MemoryCeilingMb = fields.Integer("memory_ceiling_mb"),
        MemoryCeilingText = fields.NumberText("memory_ceiling_mb"),
        OnOom = fields.String("on_oom"),
        AutoSnapshotWord = fields.String("auto_snapshot"),
        Ports = fields.Integers("ports"),
        SnapshotId = fields.String("snapshot_id"),
    };

    /// <summary>Checks the values, in the order of the contract's table.</summary>
    public SandboxSpec ToSpec(RequestLimits limits)
    {
        string? image = CheckImage();
        (Dictionary<string, string> labels, bool? growth) = CheckLabels();
        int? memory = CheckMemory(limits.MemoryBudgetMb);
        bool notify = CheckPullPolicy();
        CheckName();
        double? cpus = CheckCpus(limits.Cores);
        int? pids = FieldRules.Range("pids_limit", PidsLimit, 16, 65_536, zeroIsDefault: true);
        int? disk = CheckDisk(limits.DiskLimitUnavailable);
        (NetworkMode? network, EgressPolicy? egress) = CheckNetwork(limits);
        FieldRules.User("user", User);
        IReadOnlyDictionary<string, string> env = FieldRules.Env("env", Env);
        IReadOnlyDictionary<string, string> secrets = FieldRules.Secrets("secrets", Secrets, Env);
        int? ttl = FieldRules.Range("ttl_seconds", TtlSeconds, 1, int.MaxValue, zeroIsDefault: false);
        CheckRuntime(limits);

        // From a snapshot the limit is the snapshot's where none is sent; it is compared where the snapshot is known.
        int? floor = memory ?? (SnapshotId is null ? limits.Options.Sandbox.MemoryMb : null);
        int? ceiling = CheckCeiling(floor ?? LeastMemoryMb, limits.MemoryBudgetMb);
        OomAction? onOom = CheckOnOom();
        AutoSnapshot? autoSnapshot = CheckAutoSnapshot();
        IReadOnlyList<int> ports = CheckPorts(network ?? limits.Options.Sandbox.Network);
        FieldRules.NotBlank("snapshot_id", SnapshotId);

        return new SandboxSpec
        {
            Image = image,
            Labels = labels,
            MemoryLimitMb = memory,
            ConfirmLowMemory = ConfirmLowMemory,
            AutoExpandMemory = growth,
            NotifyInsteadOfPull = notify,
            Name = Name,
            Cpus = cpus,
            PidsLimit = pids,
            DiskLimitMb = disk,
            Network = network,
            Egress = egress,
            User = User,
            Env = env,
            Secrets = secrets,
            Ttl = ttl is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            RuntimeClass = RuntimeClass,
            ReadOnly = ReadOnly,
            MemoryCeilingMb = ceiling,
            OnOom = onOom,
            AutoSnapshot = autoSnapshot,
            Ports = ports,
        };
    }

    /// <summary>The ceiling's lower bound, when the limit comes from elsewhere.</summary>
    public static void CheckCeiling(SandboxSpec spec, int limitMb)
    {
        if (spec.MemoryLimitMb is null && spec.MemoryCeilingMb is int ceiling && ceiling < limitMb)
        {
            throw CeilingTooLow(ceiling.ToString(CultureInfo.InvariantCulture), limitMb);
        }
    }

    private string? CheckImage()
    {
        string? image = string.IsNullOrWhiteSpace(Image) ? null : Image;
        return image is null || ImageName.IsValid(image) ? image : throw ApiErrors.Invalid("image", "is not an image name").Exception();
    }

    // A flag that was sent decides, and shows as a label only when it is true; else a label of that name with true or false.
    private (Dictionary<string, string> Labels, bool? Growth) CheckLabels()
    {
        Dictionary<string, string> labels = Labels is null ? [] : new Dictionary<string, string>(Labels);
        labels.Remove("session_id");
        FieldRules.CheckLabels("labels", labels);
        FieldRules.CheckPriority("labels", labels);
        bool? growth = AutoExpandMemory;
        switch (AutoExpandMemory)
        {
            case true: labels[GrowthLabel] = "true"; break;
            case false: labels.Remove(GrowthLabel); break;
            default: growth = labels.TryGetValue(GrowthLabel, out string? label) && bool.TryParse(label, out bool on) ? on : null; break;
        }

        return (labels, growth);
    }

    private int? CheckMemory(int budgetMb) => MemoryLimitMb switch
    {
        null or <= 0 => null,
        < LeastMemoryMb => throw ApiErrors.Invalid("memory_limit_mb", $"is {MemoryLimitText}, must be at least {LeastMemoryMb}, or 0 for the default").Exception(),
        { } wanted when wanted > budgetMb => throw ApiErrors.MemoryOverBudget(wanted, MemoryLimitText!, budgetMb).Exception(),
        { } wanted => (int)wanted,
    };

    private bool CheckPullPolicy() => ImagePullPolicy?.ToLowerInvariant() switch
    {
        null or "wait" => false,
        "notify" => true,
        _ => throw ApiErrors.InvalidExactly(
            "image_pull_policy", "image_pull_policy must be one of: wait, notify", ["wait", "notify"]).Exception(),
    };

    private void CheckName()
    {
        if (Name is not null && !NameForm().IsMatch(Name))
        {
            throw ApiErrors.Invalid("name", "must be 1 to 63 of a-z, 0-9 and -, with no - at either end").Exception();
        }
    }

    private double? CheckCpus(int cores) => Cpus switch
    {
        null or 0 => null,
        { } wanted when wanted >= LeastCpus && wanted <= cores => wanted,
        _ => throw ApiErrors.Invalid(
            "cpus", string.Create(CultureInfo.InvariantCulture, $"must be {LeastCpus} to {cores}, or 0 for the default")).Exception(),
    };

    private int? CheckDisk(string? unavailable) => DiskLimitMb switch
    {
        null or 0 => (int?)DiskLimitMb,
        < LeastDiskMb => throw ApiErrors.Invalid("disk_limit_mb", $"must be at least {LeastDiskMb}, or 0 for no limit").Exception(),
        > int.MaxValue => throw ApiErrors.Invalid("disk_limit_mb", $"must be at most {int.MaxValue}").Exception(),
        { } when unavailable is not null => throw ApiErrors.UnsupportedOnHost(
            "disk_limit_mb", $"disk_limit_mb cannot be enforced on this host: {unavailable}").Exception(),
        { } wanted => (int)wanted,
    };

    private (NetworkMode? Network, EgressPolicy? Policy) CheckNetwork(RequestLimits limits)
    {
        if (Network is not null && !Networks.ContainsKey(Network))
        {
            throw ApiErrors.NotOneOf("network", [.. Networks.Keys]).Exception();
        }

        NetworkMode? network = Network is null ? null : Networks[Network];
        if (network == NetworkMode.Host)
        {
            Policy?.RequireNoRules();
            return limits.Options.Network.AllowHost
                ? (network, null)
                : throw RuntimeException.HostNetwork("network is 'host', which only the operator can allow, with the setting network.allow_host");
        }

        EgressPolicy? policy = Policy?.ToPolicy(limits.Options.Network.Reachable, limits.WhyClosed);
        if ((network ?? limits.Options.Sandbox.Network) == NetworkMode.Bridge && limits.NetworkUnavailable() is string why)
        {
            throw ApiErrors.UnsupportedOnHost(
                "network",
                Network is null
                    ? $"no network was named, and the default, bridge, is not available on this host: {why}; sleighctl doctor says how to get it, and sandbox.network: none does without"
                    : $"network bridge is not available on this host: {why}").Exception();
        }

        return (network, policy);
    }

    private void CheckRuntime(RequestLimits limits)
    {
        if (RuntimeClass is null)
        {
            return;
        }

        if (!limits.RuntimeClasses.Contains(RuntimeClass))
        {
            throw ApiErrors.NotOneOf("runtime", [.. limits.RuntimeClasses]).Exception();
        }

        if (limits.RuntimeUnavailable(RuntimeClass) is string why)
        {
            throw ApiErrors.UnsupportedOnHost("runtime", $"runtime {RuntimeClass} is not available on this host: {why}").Exception();
        }
    }

    private int? CheckCeiling(int floorMb, int budgetMb) => MemoryCeilingMb switch
    {
        null => null,
        { } wanted when wanted < floorMb => throw CeilingTooLow(MemoryCeilingText!, floorMb),
        { } wanted => (int)Math.Min(wanted, budgetMb),
    };

    private OomAction? CheckOnOom() => OnOom switch
    {
        null => null,
        "report" => OomAction.Report,
        "rollback" => OomAction.Rollback,
        _ => throw ApiErrors.NotOneOf("on_oom", OomActions).Exception(),
    };

    private AutoSnapshot? CheckAutoSnapshot() => AutoSnapshotWord switch
    {
        null => null,
        "off" => AutoSnapshot.Off,
        "exec" => AutoSnapshot.Exec,
        _ => throw ApiErrors.NotOneOf("auto_snapshot", AutoSnapshots).Exception(),
    };

    private int[] CheckPorts(NetworkMode network)
    {
        if (Ports is not { Count: > 0 })
        {
            return [];
        }

        if (network == NetworkMode.Host)
        {
            throw ApiErrors.UnsupportedOnHost("ports", "ports cannot be declared with network host: a sandbox there has no ports of its own; call its server at the host's address").Exception();
        }

        int[] ports = [.. Ports.Select((port, i) => PortRequest.Number(string.Create(CultureInfo.InvariantCulture, $"ports[{i}]"), port)).Distinct()];
        return ports.Length <= IPorts.MostPerSandbox ? ports : throw ApiErrors.Invalid("ports", $"may hold at most {IPorts.MostPerSandbox} ports").Exception();
    }

    private static ApiException CeilingTooLow(string sent, int limitMb) => ApiErrors.Invalid(
        "memory_ceiling_mb", string.Create(CultureInfo.InvariantCulture, $"is {sent}, must be at least the memory limit, {limitMb} MB")).Exception();

    [GeneratedRegex(@"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();
}
