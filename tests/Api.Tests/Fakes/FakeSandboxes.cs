using Sleigh.Network;
using Sleigh.Runtime;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Sandboxes in memory, with the refusals and texts of the contract. <see cref="Fail"/> makes the next change fail.</summary>
internal sealed class FakeSandboxes(TimeProvider time) : ISandboxes
{
    private readonly Dictionary<SandboxId, Sandbox> _sandboxes = [];
    private readonly List<Snapshot> _snapshots = [];

    /// <summary>The mounts that snapshots capture.</summary>
    public IReadOnlyList<CapturedMount> Captured { get; set; } = [];
    private readonly Lock _lock = new();

    public RuntimeException? Fail { get; set; }

    public Exception? Break { get; set; }

    /// <summary>Held by a test to keep a change at work.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>How long the next creates say that they pulled.</summary>
    public TimeSpan? Pull { get; set; }

    public int Creates { get; private set; }

    public int TakenBack { get; private set; }

    public SandboxSpec? LastSpec { get; private set; }

    /// <summary>What the last undo was asked for.</summary>
    public int? LastSteps { get; private set; }

    public HashSet<string> Images { get; } = ["python:3.11-slim", "base"];

    public async Task<CreatedSandbox> CreateAsync(SessionId owner, SandboxSpec spec, CancellationToken cancellationToken)
    {
        LastSpec = spec;
        await StepAsync(cancellationToken);
        string image = spec.Snapshot is { } from ? Find(FindSnapshot(from)!.Sandbox)!.Image : spec.Image ?? "python:3.11-slim";
        if (!Images.Contains(image))
        {
            throw spec.NotifyInsteadOfPull
                ? new RuntimeException(ErrorKind.ImagePullNeeded, $"image \"{image}\" is not cached on host and needs pull")
                : new RuntimeException(ErrorKind.ImagePullFailed,
                    $"image pull failed for \"{image}\": not found; check server network connectivity or configure proxy (HTTP_PROXY/HTTPS_PROXY)");
        }

        lock (_lock)
        {
            if (spec.Name is not null && _sandboxes.Values.FirstOrDefault(s => s.Session == owner && s.Name == spec.Name) is { } holder)
            {
                throw new RuntimeException(ErrorKind.NameInUse, $"the name {spec.Name} is in use")
                {
                    Details = new Dictionary<string, object> { ["sandbox_id"] = holder.Id.ToString() },
                };
            }

            Creates++;
            return Made(Add(owner, spec, image)) with { ImagePull = Pull };
        }
    }

    public Sandbox? Find(SandboxId id)
    {
        lock (_lock)
        {
            return _sandboxes.GetValueOrDefault(id);
        }
    }

    /// <summary>What holds every sandbox that runs.</summary>
    public Isolation? Held { get; set; }

    public Isolation? FindIsolation(SandboxId id) => Find(id) is { Status: not SandboxStatus.Exited } ? Held : null;

    public IReadOnlyList<Sandbox> List(SessionId? owner)
    {
        lock (_lock)
        {
            return [.. _sandboxes.Values.Where(s => owner is null || s.Session == owner).OrderBy(s => s.Created)];
        }
    }

    /// <summary>What the last change of secrets was asked for.</summary>
    public IReadOnlyDictionary<string, string>? LastSecrets { get; private set; }

    public async Task<Sandbox> SetSecretsAsync(SandboxId id, IReadOnlyDictionary<string, string> secrets, CancellationToken cancellationToken)
    {
        LastSecrets = secrets;
        await StepAsync(cancellationToken);
        lock (_lock)
        {
            Sandbox sandbox = _sandboxes.GetValueOrDefault(id) ?? throw RuntimeException.NoSandbox(id);
            return _sandboxes[id] = sandbox with { SecretNames = [.. secrets.Keys.Order(StringComparer.Ordinal)] };
        }
    }

    public async Task DeleteAsync(SandboxId id, CancellationToken cancellationToken)
    {
        await StepAsync(cancellationToken);
        lock (_lock)
        {
            if (!_sandboxes.Remove(id))
            {
                throw RuntimeException.NoSandbox(id);
            }

            _snapshots.RemoveAll(s => s.Sandbox == id);
        }
    }

    public async Task<Snapshot> SnapshotAsync(SandboxId id, string? name, string? comment, bool keep, CancellationToken cancellationToken)
    {
        await StepAsync(cancellationToken);
        lock (_lock)
        {
            Sandbox sandbox = _sandboxes.GetValueOrDefault(id) ?? throw RuntimeException.NoSandbox(id);
            Snapshot taken = new()
            {
                Id = SnapshotId.New(),
                Sandbox = id,
                Session = sandbox.Session,
                Created = time.GetUtcNow(),
                Parent = sandbox.BaseSnapshot,
                Name = name,
                Comment = comment,
                Bytes = 40_960,
                Durable = true,
                Duration = TimeSpan.FromMilliseconds(13.2),
                Pause = TimeSpan.FromMilliseconds(5.1),
                Limits = new CapturedLimits(
                    sandbox.MemoryLimitMb, sandbox.MemoryCeilingMb, sandbox.Cpus, sandbox.PidsLimit, sandbox.DiskLimitMb),
                Labels = sandbox.Labels,
                Mounts = Captured,
                IsKept = keep,
            };
            _snapshots.Add(taken);
            _sandboxes[id] = sandbox with { BaseSnapshot = taken.Id };
            return taken;
        }
    }

    public IReadOnlyList<Snapshot> Snapshots(SandboxId id)
    {
        lock (_lock)
        {
            return [.. _snapshots.Where(s => s.Sandbox == id).Reverse()];
        }
    }

    public Snapshot? FindSnapshot(SnapshotId id)
    {
        lock (_lock)
        {
            return _snapshots.FirstOrDefault(s => s.Id == id);
        }
    }

    public async Task DeleteSnapshotAsync(SandboxId id, string snapshotId, CancellationToken cancellationToken)
    {
        await StepAsync(cancellationToken);
        Snapshot snapshot = Require(id, snapshotId);
        lock (_lock)
        {
            _snapshots.Remove(snapshot);
        }
    }

    public async Task<RollbackResult> RollbackAsync(SandboxId id, string snapshotId, CancellationToken cancellationToken)
    {
        await StepAsync(cancellationToken);
        Snapshot snapshot = Require(id, snapshotId);
        lock (_lock)
        {
            Sandbox after = _sandboxes[id] with { BaseSnapshot = snapshot.Id, Status = SandboxStatus.Running };
            _sandboxes[id] = after;
            return new RollbackResult(after, snapshot.Id, TimeSpan.FromMilliseconds(20.5), [ExecId.Parse("exec_0000000000aa")]);
        }
    }

    public async Task<Snapshot> KeepSnapshotAsync(SandboxId id, string snapshotId, bool keep, CancellationToken cancellationToken)
    {
        await StepAsync(cancellationToken);
        Snapshot kept = Require(id, snapshotId) with { IsKept = keep };
        lock (_lock)
        {
            _snapshots[_snapshots.FindIndex(s => s.Id == kept.Id)] = kept;
            return kept;
        }
    }

    public Task<SandboxNetworkView> NetworkAsync(SandboxId id, CancellationToken cancellationToken) =>
        Task.FromResult(new SandboxNetworkView(Find(id)!, null, default, default));

    public async Task SetEgressAsync(SandboxId id, EgressPolicy policy, CancellationToken cancellationToken)
    {
        await StepAsync(cancellationToken);
        lock (_lock)
        {
            _sandboxes[id] = _sandboxes[id] with { Network = NetworkMode.Bridge, Egress = policy };
        }
    }

    public async Task<RollbackResult> UndoAsync(SandboxId id, int steps, CancellationToken cancellationToken)
    {
        await StepAsync(cancellationToken);
        LastSteps = steps;
        return Snapshots(id) is [var newest, ..]
            ? await RollbackAsync(id, newest.Id.ToString(), cancellationToken)
            : throw new RuntimeException(ErrorKind.NothingToUndo, $"nothing to undo: sandbox {id} has no snapshot of an earlier state of its files");
    }

    public async Task<ForkResult> ForkAsync(SandboxId id, string? snapshotId, int count, CancellationToken cancellationToken)
    {
        Snapshot snapshot = snapshotId is null ? await SnapshotAsync(id, "fork", null, keep: false, cancellationToken) : Require(id, snapshotId);
        lock (_lock)
        {
            Sandbox source = _sandboxes[id];
            return new ForkResult(snapshot.Id, [.. Enumerable.Range(0, count).Select(_ =>
            {
                Sandbox fork = source with
                {
                    Id = SandboxId.New(),
                    Name = null,
                    Created = time.GetUtcNow(),
                    BaseSnapshot = snapshot.Id,
                    Parent = new SandboxParent(id, snapshot.Id),
                };
                _sandboxes.Add(fork.Id, fork);
                return Made(fork);
            })]);
        }
    }

    /// <summary>Puts a sandbox there as it is.</summary>
    public void Put(Sandbox sandbox)
    {
        lock (_lock)
        {
            _sandboxes[sandbox.Id] = sandbox;
        }
    }

    private static CreatedSandbox Made(Sandbox sandbox) => new(
        sandbox,
        FromPool: true,
        TimeSpan.FromMilliseconds(17.3),
        new CreatePhases(
            TimeSpan.FromMilliseconds(1.2), TimeSpan.Zero, TimeSpan.FromMilliseconds(0.4), TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMilliseconds(15.6)));

    private Sandbox Add(SessionId owner, SandboxSpec spec, string image)
    {
        DateTimeOffset now = time.GetUtcNow();
        Dictionary<string, string> labels = new(spec.Labels) { ["session_id"] = owner.ToString() };
        Sandbox sandbox = new()
        {
            Id = SandboxId.New(),
            Session = owner,
            Image = image,
            Status = SandboxStatus.Running,
            Labels = labels,
            Created = now,
            MemoryLimitMb = spec.MemoryLimitMb ?? 256,
            AutoExpandMemory = spec.AutoExpandMemory ?? true,
            MemoryCeilingMb = spec.MemoryCeilingMb ?? 57_600,
            OnOom = spec.OnOom ?? OomAction.Report,
            AutoSnapshot = spec.AutoSnapshot ?? AutoSnapshot.Off,
            Cpus = spec.Cpus,
            PidsLimit = spec.PidsLimit ?? 1024,
            DiskLimitMb = spec.DiskLimitMb is > 0 ? spec.DiskLimitMb : null,
            Network = spec.Network ?? NetworkMode.None,
            RuntimeClass = spec.RuntimeClass ?? "runc",
            ReadOnly = spec.ReadOnly ?? false,
            User = spec.User,
            SecretNames = [.. spec.Secrets.Keys.Order(StringComparer.Ordinal)],
            Name = spec.Name,
            BaseSnapshot = spec.Snapshot,
            LastUsed = now,
            Expires = now + spec.Ttl,
        };
        _sandboxes.Add(sandbox.Id, sandbox);
        return sandbox;
    }

    internal Snapshot Require(SandboxId id, string text)
    {
        string[] ids = [.. Snapshots(id).Select(s => s.Id.ToString())];
        return Snapshots(id).FirstOrDefault(s => s.Id.ToString() == text)
            ?? throw new RuntimeException(
                ErrorKind.SnapshotNotFound,
                $"snapshot not found: {text}; available snapshot ids: {(ids.Length == 0 ? "none" : string.Join(", ", ids))}")
            {
                Details = new Dictionary<string, object> { ["available_snapshot_ids"] = ids },
            };
    }

    private async Task StepAsync(CancellationToken cancellationToken)
    {
        if (Gate is { } gate)
        {
            try
            {
                await gate.Task.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                TakenBack++;
                throw;
            }
        }

        if (Fail is { } refused)
        {
            throw refused;
        }

        if (Break is { } broken)
        {
            throw broken;
        }
    }
}
