using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Snapshots;
using WireTypes = Sleigh.Containerd.Protos.Types;

namespace Sleigh.Containerd;

/// <summary>What a snapshot is for.</summary>
public enum SnapshotKind
{
    /// <summary>containerd did not say.</summary>
    Unknown,

    /// <summary>A read-only look at its parent.</summary>
    View,

    /// <summary>Can be written, and committed.</summary>
    Active,

    /// <summary>Sealed; can be a parent.</summary>
    Committed,
}

/// <summary>A snapshot of containerd's snapshotter (not of a sandbox).</summary>
public sealed record SnapshotInfo(
    string Key, string Parent, SnapshotKind Kind, IReadOnlyDictionary<string, string> Labels, DateTimeOffset CreatedAt);

/// <summary>containerd's snapshotter, where image layers are unpacked.</summary>
public sealed class SnapshotsService
{
    /// <summary>The snapshotter that Sleigh uses: its layers are plain directories.</summary>
    public const string Snapshotter = "overlayfs";

    private const string Service = "containerd.services.snapshots.v1.Snapshots";

    private static readonly GrpcMethod<Wire.PrepareSnapshotRequest, Wire.PrepareSnapshotResponse> Prepare =
        new(Service, "Prepare", Wire.PrepareSnapshotResponse.Parser);

    private static readonly GrpcMethod<Wire.ViewSnapshotRequest, Wire.ViewSnapshotResponse> View =
        new(Service, "View", Wire.ViewSnapshotResponse.Parser);

    private static readonly GrpcMethod<Wire.MountsRequest, Wire.MountsResponse> Mounts =
        new(Service, "Mounts", Wire.MountsResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.CommitSnapshotRequest, Empty> Commit = new(Service, "Commit", Empty.Parser);
    private static readonly GrpcMethod<Wire.RemoveSnapshotRequest, Empty> Remove = new(Service, "Remove", Empty.Parser);

    private static readonly GrpcMethod<Wire.StatSnapshotRequest, Wire.StatSnapshotResponse> Stat =
        new(Service, "Stat", Wire.StatSnapshotResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.ListSnapshotsRequest, Wire.ListSnapshotsResponse> List =
        new(Service, "List", Wire.ListSnapshotsResponse.Parser, Safe: true);

    private static readonly GrpcMethod<Wire.UsageRequest, Wire.UsageResponse> Usage =
        new(Service, "Usage", Wire.UsageResponse.Parser, Safe: true);

    private readonly GrpcCaller _caller;

    internal SnapshotsService(GrpcCaller caller)
    {
        _caller = caller;
    }

    /// <summary>Makes a snapshot that can be written.</summary>
    /// <param name="key">Its name until it is committed.</param>
    /// <param name="parent">A committed snapshot, or "" for none.</param>
    /// <param name="labels">Labels.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<IReadOnlyList<ContainerdMount>> PrepareAsync(
        string key, string parent, IReadOnlyDictionary<string, string>? labels = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.PrepareSnapshotRequest { Snapshotter = Snapshotter, Key = key, Parent = parent };
        request.Labels.AddLabels(labels);
        return From((await _caller.CallAsync(Prepare, request, $"prepare the snapshot '{key}'", cancellationToken)).Mounts);
    }

    /// <summary>Makes a read-only look at a committed snapshot.</summary>
    public async Task<IReadOnlyList<ContainerdMount>> ViewAsync(
        string key, string parent, IReadOnlyDictionary<string, string>? labels = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.ViewSnapshotRequest { Snapshotter = Snapshotter, Key = key, Parent = parent };
        request.Labels.AddLabels(labels);
        return From((await _caller.CallAsync(View, request, $"make the view '{key}'", cancellationToken)).Mounts);
    }

    /// <summary>How to see a view or an active snapshot.</summary>
    public async Task<IReadOnlyList<ContainerdMount>> MountsAsync(string key, CancellationToken cancellationToken = default)
    {
        var request = new Wire.MountsRequest { Snapshotter = Snapshotter, Key = key };
        return From((await _caller.CallAsync(Mounts, request, $"get the mounts of the snapshot '{key}'", cancellationToken)).Mounts);
    }

    /// <summary>Seals an active snapshot under a new name.</summary>
    public Task CommitAsync(
        string name, string key, IReadOnlyDictionary<string, string>? labels = null, CancellationToken cancellationToken = default)
    {
        var request = new Wire.CommitSnapshotRequest { Snapshotter = Snapshotter, Name = name, Key = key };
        request.Labels.AddLabels(labels);
        return _caller.CallAsync(Commit, request, $"commit the snapshot '{key}' as '{name}'", cancellationToken);
    }

    /// <summary>Removes a snapshot that is nobody's parent.</summary>
    public Task RemoveAsync(string key, CancellationToken cancellationToken = default) => _caller.CallAsync(
        Remove, new Wire.RemoveSnapshotRequest { Snapshotter = Snapshotter, Key = key }, $"remove the snapshot '{key}'", cancellationToken);

    /// <summary>What is known of a snapshot, or null where there is none.</summary>
    public async Task<SnapshotInfo?> FindAsync(string key, CancellationToken cancellationToken = default)
    {
        var request = new Wire.StatSnapshotRequest { Snapshotter = Snapshotter, Key = key };
        try
        {
            return From((await _caller.CallAsync(Stat, request, $"look up the snapshot '{key}'", cancellationToken)).Info);
        }
        catch (ContainerdException ex) when (ex.Kind == ContainerdErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <summary>All snapshots.</summary>
    public async Task<IReadOnlyList<SnapshotInfo>> ListAsync(CancellationToken cancellationToken = default)
    {
        var request = new Wire.ListSnapshotsRequest { Snapshotter = Snapshotter };
        List<SnapshotInfo> found = [];
        await foreach (Wire.ListSnapshotsResponse part in _caller.StreamAsync(List, request, "list the snapshots", cancellationToken))
        {
            found.AddRange(part.Info.Select(From));
        }

        return found;
    }

    /// <summary>The bytes and inodes that a snapshot takes, without its parents.</summary>
    public async Task<(long Bytes, long Inodes)> UsageAsync(string key, CancellationToken cancellationToken = default)
    {
        var request = new Wire.UsageRequest { Snapshotter = Snapshotter, Key = key };
        Wire.UsageResponse answer = await _caller.CallAsync(Usage, request, $"measure the snapshot '{key}'", cancellationToken);
        return (answer.Size, answer.Inodes);
    }

    private static ContainerdMount[] From(RepeatedField<WireTypes.Mount> mounts) => [.. mounts.Select(ContainerdMount.From)];

    private static SnapshotInfo From(Wire.Info info) => new(
        info.Name, info.Parent, (SnapshotKind)(int)info.Kind, info.Labels.ToLabels(), info.CreatedAt.ToTime());
}
