using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

/// <summary>Mounts whose directories all exist below /srv/data.</summary>
internal sealed class FakeMounts : IMounts
{
    private readonly List<Mount> _mounts = [];

    public RuntimeException? Fail { get; set; }

    /// <summary>Sandboxes run without these.</summary>
    public HashSet<MountId> Missing { get; } = [];

    public MountSpec? Asked { get; private set; }

    public IReadOnlyList<Mount> List(SandboxId id) =>
        [.. _mounts.Where(m => m.Sandbox == id).Select(m => m with { IsMissing = Missing.Contains(m.Id) })];

    public Task<Mount> AddAsync(SandboxId id, MountSpec spec, CancellationToken cancellationToken)
    {
        Asked = spec;
        if (Fail is not null)
        {
            throw Fail;
        }

        Mount made = new()
        {
            Id = MountId.New(), Sandbox = id, HostPath = $"/srv/data/{spec.WorkspacePath}".TrimEnd('/'), ContainerPath = spec.ContainerPath, Mode = spec.Mode,
            Created = new DateTimeOffset(2026, 1, 5, 9, 0, 1, 120, TimeSpan.Zero),
        };
        _mounts.Add(made);
        return Task.FromResult(made);
    }

    public Task RemoveAsync(SandboxId id, MountId mount, CancellationToken cancellationToken) =>
        _mounts.RemoveAll(m => m.Sandbox == id && m.Id == mount) == 1
            ? Task.CompletedTask
            : throw new RuntimeException(ErrorKind.NotFound, $"resource not found: mount {mount}");
}
