using Sleigh.Network;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime;

/// <summary>A sandbox as it was at one moment. MB is 1,048,576 bytes.</summary>
public sealed record Sandbox
{
    /// <summary>The id.</summary>
    public required SandboxId Id { get; init; }

    /// <summary>The owner.</summary>
    public required SessionId Session { get; init; }

    /// <summary>The image name as the caller wrote it, or the default; it never changes.</summary>
    public required string Image { get; init; }

    /// <summary>What it is doing.</summary>
    public required SandboxStatus Status { get; init; }

    /// <summary>The caller's labels and <c>session_id</c>.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>The limit in force.</summary>
    public required int MemoryLimitMb { get; init; }

    /// <summary>Whether the limit may grow by itself.</summary>
    public required bool AutoExpandMemory { get; init; }

    /// <summary>Growth never passes this.</summary>
    public required int MemoryCeilingMb { get; init; }

    /// <summary>What follows an out-of-memory kill.</summary>
    public OomAction OnOom { get; init; }

    /// <summary>When snapshots are taken by themselves.</summary>
    public AutoSnapshot AutoSnapshot { get; init; }

    /// <summary>CPU limit in cores; null is none.</summary>
    public double? Cpus { get; init; }

    /// <summary>The most processes and threads.</summary>
    public required int PidsLimit { get; init; }

    /// <summary>Disk limit; null is none.</summary>
    public int? DiskLimitMb { get; init; }

    /// <summary>How the disk limit is held; null: there is none.</summary>
    public DiskLimitKind? DiskLimitKind { get; init; }

    /// <summary>What network it has; it never changes.</summary>
    public required NetworkMode Network { get; init; }

    /// <summary>The declared ports, in order.</summary>
    public IReadOnlyList<int> Ports { get; init; } = [];

    /// <summary>What it may reach, as its caller asked; null: it has loopback only, or the host's network, where nothing is held back.</summary>
    public EgressPolicy? Egress { get; init; }

    /// <summary>Packets that were refused to it since it got its addresses; a few seconds old.</summary>
    public long RefusedPackets { get; init; }

    /// <summary>The runtime class, such as <c>runc</c>.</summary>
    public required string RuntimeClass { get; init; }

    /// <summary>Whether /workspace and /tmp are all that can be written to.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Default user of commands; null is the image's.</summary>
    public string? User { get; init; }

    /// <summary>The names of its secrets, in order.</summary>
    public IReadOnlyList<string> SecretNames { get; init; } = [];

    /// <summary>Whether the values of its secrets are gone: a command must bring them, or they must be set anew.</summary>
    public bool AreSecretsLost { get; init; }

    /// <summary>The caller's name for it, unique in the session.</summary>
    public string? Name { get; init; }

    /// <summary>The snapshot that the present files stand on.</summary>
    public SnapshotId? BaseSnapshot { get; init; }

    /// <summary>Where a fork came from.</summary>
    public SandboxParent? Parent { get; init; }

    /// <summary>The last command or change.</summary>
    public required DateTimeOffset LastUsed { get; init; }

    /// <summary>When it is deleted, however busy; null is never.</summary>
    public DateTimeOffset? Expires { get; init; }
}
