using Sleigh.Network;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>
/// What a caller asks for at create: values in range and of the right form. Null means not sent; the runtime puts the
/// default, or the snapshot's value, in its place.
/// </summary>
public sealed record SandboxSpec
{
    /// <summary>Image name; null is the configured default.</summary>
    public string? Image { get; init; }

    /// <summary>The caller's labels, <c>session_id</c> not among them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>At least 16.</summary>
    public int? MemoryLimitMb { get; init; }

    /// <summary>Create although the host's memory is low (between 10 and 15 %).</summary>
    public bool ConfirmLowMemory { get; init; }

    /// <summary>Automatic growth.</summary>
    public bool? AutoExpandMemory { get; init; }

    /// <summary>Answer with <see cref="ErrorKind.ImagePullNeeded"/> instead of fetching an image that is not on the host.</summary>
    public bool NotifyInsteadOfPull { get; init; }

    /// <summary>The caller's name for it.</summary>
    public string? Name { get; init; }

    /// <summary>CPU limit in cores.</summary>
    public double? Cpus { get; init; }

    /// <summary>16 to 65536.</summary>
    public int? PidsLimit { get; init; }

    /// <summary>At least 64, or 0: no limit. Null: that of the snapshot, where there is one.</summary>
    public int? DiskLimitMb { get; init; }

    /// <summary>What network it has.</summary>
    public NetworkMode? Network { get; init; }

    /// <summary>What it may reach, with <see cref="NetworkMode.Bridge"/>; null: as the settings say.</summary>
    public EgressPolicy? Egress { get; init; }

    /// <summary><c>name</c>, <c>uid</c> or <c>uid:gid</c>.</summary>
    public string? User { get; init; }

    /// <summary>Environment of every command.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>Secrets of commands, by the names of their variables; never recorded.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>();

    /// <summary>Time to live, counted from creation.</summary>
    public TimeSpan? Ttl { get; init; }

    /// <summary>Whether /workspace and /tmp are all that can be written to; null: as where the files come from, else no.</summary>
    public bool? ReadOnly { get; init; }

    /// <summary>Runtime class.</summary>
    public string? RuntimeClass { get; init; }

    /// <summary>Most memory it may grow to.</summary>
    public int? MemoryCeilingMb { get; init; }

    /// <summary>What follows an out-of-memory kill.</summary>
    public OomAction? OnOom { get; init; }

    /// <summary>When snapshots are taken by themselves; null: as where the files come from, else never.</summary>
    public AutoSnapshot? AutoSnapshot { get; init; }

    /// <summary>Ports to declare: each 1 to 65535, none twice, at most <see cref="IPorts.MostPerSandbox"/>.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>Start from the files of this snapshot; the image is then not looked at.</summary>
    public SnapshotId? Snapshot { get; init; }
}
