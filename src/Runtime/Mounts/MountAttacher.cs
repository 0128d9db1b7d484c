using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>Puts the recorded mounts of a sandbox into a slot: when it starts again, is rolled back or forked.</summary>
internal sealed partial class MountAttacher
{
    private readonly HostMounter _mounter;
    private readonly HostZones _zones;
    private readonly ILogger _logger;

    public MountAttacher(HostMounter mounter, HostZones zones, ILogger logger) => (_mounter, _zones, _logger) = (mounter, zones, logger);

    /// <summary>Puts them in, in their order, and says what became of each. Who owns the slot records it.</summary>
    /// <exception cref="RuntimeException">
    /// <see cref="ErrorKind.MountSourceMissing"/> where all must be there. Otherwise one that cannot be put in is left out, and told in the log.
    /// </exception>
    public async Task<IReadOnlyList<MountRecord>> AttachAsync(Slot slot, WantedMounts wanted)
    {
        List<MountRecord> mounts = [];
        foreach (MountRecord record in wanted.Mounts)
        {
            try
            {
                mounts.Add(await AttachAsync(slot, record));
            }
            catch (IOException e) when (!wanted.MustHaveAll)
            {
                LeftOut(_logger, record.Mount.Id.ToString(), record.Mount.Sandbox.ToString(), record.Mount.HostPath, e);
                mounts.Add(record with { Slot = null, Number = 0 });
            }
            catch (IOException e)
            {
                throw Missing(record.Mount.HostPath, e);
            }
        }

        return mounts;
    }

    /// <summary>Makes sure that the directories of captured mounts are there, before anything is made for them.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.MountSourceMissing"/>.</exception>
    public async Task RequireSourcesAsync(IEnumerable<CapturedMount> mounts)
    {
        foreach (CapturedMount mount in mounts)
        {
            try
            {
                (await _zones.ReopenAsync(mount.HostPath)).Dispose();
            }
            catch (IOException e)
            {
                throw Missing(mount.HostPath, e);
            }
        }
    }

    // The operator's rules of now count: what may no longer be written to comes back read-only, and says so.
    private async Task<MountRecord> AttachAsync(Slot slot, MountRecord record)
    {
        using HostDirectory source = await _zones.ReopenAsync(record.Mount.HostPath);
        bool writable = record.Mount.Mode == MountMode.ReadWrite && await _zones.AllowsWritingAsync(source);
        if (record.Mount.Mode == MountMode.ReadWrite && !writable)
        {
            NoLongerWritable(_logger, record.Mount.Id.ToString(), record.Mount.Sandbox.ToString(), record.Mount.HostPath);
            record = record with { Mount = record.Mount with { Mode = MountMode.ReadOnly } };
        }

        SafeFileHandle root = slot.Tree ?? throw new IOException("the sandbox's tree has been closed");
        using HostMount mount = HostMount.Copy(source, writable, slot.OwnerMap);
        using MountPoint point = MountPoint.Ensure(root, record.Mount.ContainerPath, slot.Owners);
        if (point.Mounted is not null)
        {
            throw new IOException("something is mounted at its place in the sandbox already");
        }

        _mounter.Attach(slot.Namespaces, mount, point);
        return record with { Slot = slot.Id, Number = mount.Number };
    }

    private static RuntimeException Missing(string hostPath, Exception cause) => new(
        ErrorKind.MountSourceMissing,
        $"the host directory of a recorded mount cannot be mounted {(cause is OwnersNotMappedException ? "into a sandbox with a user namespace" : "any more")}: {hostPath}", cause)
    {
        Hint = cause is OwnersNotMappedException
            ? "ask the operator for a directory on a local filesystem such as ext4, XFS or btrfs, or take the mount out and try again"
            : "ask the operator to bring the directory back, or take the mount out and try again",
        Details = new Dictionary<string, object> { ["host_path"] = hostPath },
    };

    [LoggerMessage(EventId = 1463, EventName = "mount", Level = LogLevel.Warning, Message = "{Mount} of {Sandbox} could not be put in again, so the sandbox runs without it until its next start: {HostPath}")]
    private static partial void LeftOut(ILogger logger, string mount, string sandbox, string hostPath, Exception exception);

    [LoggerMessage(EventId = 1464, EventName = "mount", Level = LogLevel.Warning, Message = "{Mount} of {Sandbox} comes back read-only: mounts.rw_paths no longer allows writing to {HostPath}")]
    private static partial void NoLongerWritable(ILogger logger, string mount, string sandbox, string hostPath);
}
