using Microsoft.Win32.SafeHandles;
using Sleigh.Overlay;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime;

/// <summary>Mounts a sandbox's file tree into a slot.</summary>
internal sealed class Trees
{
    // What a sandbox with a read-only root can write to, next to /dev/shm.
    private static readonly string[] Writable = ["tmp", "workspace"];

    private readonly TreeMounter _mounter;
    private readonly LiveOptions _options;

    public Trees(TreeMounter mounter, LiveOptions options) => (_mounter, _options) = (mounter, options);

    /// <summary>Mounts the tree and makes the image's working directory. The slot holds the root from then on.</summary>
    /// <exception cref="IOException">The kernel refused; the slot is as it was.</exception>
    public async Task MountAsync(Slot slot, SandboxRecord record, LiveLayer layer, IReadOnlyList<string> imageLowers, CancellationToken cancellationToken)
    {
        slot.Layer = layer.Id.ToString();
        bool readOnly = record.Sandbox.ReadOnly;
        string? directory = record.Settings.WorkingDirectory is { Length: > 1 } set && set[0] == '/' ? set : null;
        SafeFileHandle root = await _mounter.MountAsync(
            new TreePlan
            {
                Lowers = [.. layer.SealedLowers, .. imageLowers],
                Upper = layer.Upper,
                Work = layer.Work,
                Owners = slot.OwnerMap,
                Volatile = _options.Now.Sandbox.Durability == Durability.Relaxed,
                OwnFiles = SandboxIdentity.Files(record.Sandbox, slot.Network?.Addresses),
                WritableOnly = readOnly ? Writable : null,
                Directories = readOnly && directory is not null ? [directory] : [],
                HostName = SandboxIdentity.HostName(record.Sandbox),
            },
            slot.Namespaces,
            cancellationToken);
        slot.Tree = root;
        if (!readOnly && directory is not null)
        {
            TreeFiles.CreateDirectories(root, directory, slot.Owners.Outside(0), slot.Owners.Outside(0));
        }
    }

    /// <summary>Finds the tree of a slot again after a restart of the daemon; false when it has none.</summary>
    public async Task<bool> ReopenAsync(Slot slot, CancellationToken cancellationToken)
    {
        slot.Tree = await _mounter.OpenTreeRootAsync(slot.Namespaces, cancellationToken);
        return slot.Tree is not null;
    }
}
