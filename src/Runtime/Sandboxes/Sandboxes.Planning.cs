using Sleigh.Containerd;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Secrets;

namespace Sleigh.Runtime;

/// <content>What is checked and decided before anything is made.</content>
internal sealed partial class Sandboxes
{
    private const string SessionLabel = "session_id";

    private SandboxRecord Plan(
        SessionId owner, SandboxSpec spec, Snapshot? from, SandboxRecord? source, string image, ImageTree? tree)
    {
        DateTimeOffset now = _time.GetUtcNow();
        int memory = spec.MemoryLimitMb ?? from?.Limits.MemoryLimitMb ?? _options.Now.Sandbox.MemoryMb;
        int ceiling = Math.Min(spec.MemoryCeilingMb ?? from?.Limits.MemoryCeilingMb ?? _guard.CeilingMb, _guard.CeilingMb);
        if (ceiling < memory)
        {
            throw RuntimeException.Invalid(
                "memory_ceiling_mb", $"bad request: memory_ceiling_mb {ceiling} is below memory_limit_mb {memory}; it must be at least that");
        }

        NetworkMode network = spec.Network ?? _options.Now.Sandbox.Network;
        return new SandboxRecord
        {
            Sandbox = new Sandbox
            {
                Id = SandboxId.New(),
                Session = owner,
                Image = image,
                Status = SandboxStatus.Created,
                Labels = new Dictionary<string, string>(spec.Labels) { [SessionLabel] = owner.ToString() },
                Created = now,
                LastUsed = now,
                MemoryLimitMb = memory,
                MemoryCeilingMb = ceiling,
                AutoExpandMemory = spec.AutoExpandMemory ?? _options.Now.Memory.AutoGrow,
                OnOom = spec.OnOom ?? OomAction.Report,
                AutoSnapshot = spec.AutoSnapshot ?? source?.Sandbox.AutoSnapshot ?? AutoSnapshot.Off,
                Cpus = spec.Cpus ?? from?.Limits.Cpus ?? _options.Now.Sandbox.Cpus,
                PidsLimit = spec.PidsLimit ?? from?.Limits.PidsLimit ?? DefaultPids,
                DiskLimitMb = (spec.DiskLimitMb ?? from?.Limits.DiskLimitMb) is int disk and > 0 ? disk : null,
                Network = network,
                Egress = network == NetworkMode.Bridge ? spec.Egress ?? _networks.Default : null,
                RuntimeClass = spec.RuntimeClass ?? _options.Now.Sandbox.Runtime,
                ReadOnly = spec.ReadOnly ?? source?.Sandbox.ReadOnly ?? false,
                User = spec.User,
                Name = spec.Name,
                SecretNames = new SandboxSecrets(spec.Secrets).Names,
                BaseSnapshot = from?.Id,
                Parent = from is null ? null : new SandboxParent(from.Sandbox, from.Id),
                Expires = now + spec.Ttl,
            },
            Layer = LayerId.NewLive().ToString(),
            Chain = source?.Chain ?? tree!.ChainId,
            Settings = source?.Settings ?? new ImageSettings(tree!.Config.Env, NotEmpty(tree.Config.WorkingDir), NotEmpty(tree.Config.User)),
            Env = spec.Env,
            Ttl = spec.Ttl,
        };
    }

    /// <summary>The contract's default of <c>pids_limit</c>.</summary>
    internal const int DefaultPids = 1024;

    private SandboxRecord PlanFork(SandboxRecord source, Snapshot snapshot)
    {
        DateTimeOffset now = _time.GetUtcNow();
        return source with
        {
            Sandbox = source.Sandbox with
            {
                Id = SandboxId.New(),
                Status = SandboxStatus.Created,
                Labels = snapshot.Labels,
                Created = now,
                LastUsed = now,
                MemoryLimitMb = snapshot.Limits.MemoryLimitMb,
                MemoryCeilingMb = snapshot.Limits.MemoryCeilingMb,
                Cpus = snapshot.Limits.Cpus,
                PidsLimit = snapshot.Limits.PidsLimit,
                DiskLimitMb = snapshot.Limits.DiskLimitMb,
                Name = null,
                BaseSnapshot = snapshot.Id,
                Parent = new SandboxParent(source.Sandbox.Id, snapshot.Id),
                Expires = now + source.Ttl,
            },
            Layer = LayerId.NewLive().ToString(),
            Mark = null,
            Slot = null,
        };
    }

    /// <summary>Places for what is about to be made, where quota, host and pace allow it.</summary>
    private SandboxPlaces.Places Admit(SessionId owner, int count, Action guard)
    {
        SandboxPlaces.Places places = _places.Hold(owner, count, _options.Now.Limits.SandboxesPerSession);
        bool admitted = false;
        try
        {
            guard();
            _pace.Take(owner, count, _options.Now.Limits.CreatesPerMinutePerSession);
            admitted = true;
            return places;
        }
        finally
        {
            if (!admitted)
            {
                places.Dispose();
            }
        }
    }

    private void GuardCreate(SandboxSpec spec, Snapshot? from) => _guard.Admit(
        spec.ConfirmLowMemory, "sandbox creation", spec.MemoryLimitMb ?? from?.Limits.MemoryLimitMb ?? _options.Now.Sandbox.MemoryMb);

    private Snapshot RequireSnapshot(SessionId owner, SnapshotId id)
    {
        Snapshot snapshot = _snapshots.Find(id)
            ?? throw new RuntimeException(ErrorKind.SnapshotNotFound, $"resource not found: snapshot {id}");
        return snapshot.Session == owner
            ? snapshot
            : throw new RuntimeException(ErrorKind.Forbidden, $"forbidden: {id} belongs to another session");
    }

    private static string? NotEmpty(string text) => text.Length == 0 ? null : text;
}
