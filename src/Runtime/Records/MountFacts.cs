namespace Sleigh.Runtime.Records;

/// <summary>What an event keeps of a mount.</summary>
internal sealed record MountFacts(string Id, string HostPath, string ContainerPath, bool IsWritable)
{
    public static MountFacts Of(Mount mount) => new(mount.Id.ToString(), mount.HostPath, mount.ContainerPath, mount.Mode == MountMode.ReadWrite);

    public Mount ToMount(SandboxId sandbox, DateTimeOffset time) => new()
    {
        Id = MountId.Parse(Id), Sandbox = sandbox, HostPath = HostPath, ContainerPath = ContainerPath,
        Mode = IsWritable ? MountMode.ReadWrite : MountMode.ReadOnly, Created = time,
    };
}
