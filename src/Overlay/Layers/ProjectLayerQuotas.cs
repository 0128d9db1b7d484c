using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Limits of live layers that are directories: each is a project of the filesystem. The project is recorded in the layer's own directories, by
/// the filesystem; a number is free while nothing in the filesystem has it, whoever put it there. So a crash leaves at most a limit of a project
/// without files, which the next start lifts.
/// </summary>
/// <param name="root">A directory in the filesystem.</param>
internal sealed class ProjectLayerQuotas(SafeFileHandle root)
{
    /// <summary>The lowest number of ours: far above what people write into /etc/projid, and what other engines count up from.</summary>
    internal const uint First = 0x534C0000;

    /// <summary>How many there are. The lowest free one is taken, because a filesystem keeps a record of each that was ever used.</summary>
    internal const uint Count = 1 << 20;

    private readonly Lock _assigning = new();
    private uint _next = First;

    /// <summary>Whether limits can be held.</summary>
    public LayerQuotaSupport Support() => ProjectQuota.Mode(root) == ProjectQuotaMode.Enforced
        ? new LayerQuotaSupport(LayerQuotaKind.Project, "project quotas of the filesystem", IsOn: true)
        : new LayerQuotaSupport(LayerQuotaKind.None, $"the project quotas of the filesystem are off: {Remedy(FileSystems.Stat(root).Magic)}", IsOn: false);

    /// <summary>What is to be done to a filesystem of this kind.</summary>
    internal static string Remedy(long magic) => magic switch
    {
        FileSystems.Xfs => "mount the filesystem of data_dir with prjquota",
        FileSystems.Ext4 => "tune2fs -O project,quota of the unmounted filesystem of data_dir, then mount it with prjquota",
        _ => "btrfs-progs before the first start, or data_dir on btrfs, XFS or ext4",
    };

    /// <summary>
    /// Gives the empty directories of a new layer a project that nothing else has. Nothing happens where the filesystem does not count: such a
    /// layer cannot be limited later.
    /// </summary>
    public void Assign(IReadOnlyList<SafeFileHandle> directories)
    {
        if (ProjectQuota.Mode(root) == ProjectQuotaMode.Off)
        {
            return;
        }

        lock (_assigning)
        {
            for (uint project = _next; project < First + Count; project++)
            {
                if (ProjectQuota.Use(root, project) is not ProjectUse use)
                {
                    return;
                }

                if (use.Files > 0 || use.Bytes > 0)
                {
                    continue;
                }

                if (use.LimitBytes is not null)
                {
                    ProjectQuota.SetLimit(root, project, null, null);
                }

                if (!directories.All(directory => FileProject.TrySet(directory, project)))
                {
                    return;
                }

                // More than that: another daemon on the filesystem has chosen it in the same moment, and goes on to another one as well.
                if (ProjectQuota.Use(root, project)?.Files == directories.Count)
                {
                    _next = project + 1;
                    return;
                }
            }
        }
    }

    /// <summary>Makes a directory part of the project that another one of the layer has.</summary>
    public static void Join(SafeFileHandle directory, SafeFileHandle upper)
    {
        if (ProjectOf(upper) is uint project)
        {
            FileProject.TrySet(directory, project);
        }
    }

    /// <summary>The project of a layer's upper directory; null: it has none.</summary>
    public static uint? ProjectOf(SafeFileHandle upper) => FileProject.Of(upper) is uint project and >= First and < First + Count ? project : null;

    /// <summary>Sets or lifts the limit of a layer, and that of its files with it.</summary>
    /// <exception cref="LayerLimitException">Limits cannot be held here, or not of this layer.</exception>
    public void SetLimit(SafeFileHandle upper, long? bytes)
    {
        uint? project = ProjectOf(upper);
        if (bytes is not null && Support() is { Kind: LayerQuotaKind.None, Reason: string reason })
        {
            throw new LayerLimitException(reason);
        }

        if (project is uint own)
        {
            if (bytes is not null || ProjectQuota.Use(root, own)?.LimitBytes is not null)
            {
                ProjectQuota.SetLimit(root, own, bytes, bytes is long most ? LayerFiles.LimitOf(most) : null);
            }
        }
        else if (bytes is not null)
        {
            throw new LayerLimitException("the layer was made before its filesystem counted: fork the sandbox, or roll it back, for a new one");
        }
    }

    /// <summary>What a layer holds; null where nobody counts.</summary>
    public LayerUse? UseOf(SafeFileHandle upper)
    {
        if (ProjectOf(upper) is not uint project || ProjectQuota.Use(root, project) is not ProjectUse use)
        {
            return null;
        }

        bool isHeld = ProjectQuota.Mode(root) == ProjectQuotaMode.Enforced;
        return new LayerUse(use.Bytes, null, 0, isHeld ? use.LimitBytes : null)
        {
            Files = use.Files,
            LimitFiles = isHeld ? use.LimitFiles : null,
            FullErrno = FileSystems.Stat(root).Magic == FileSystems.Xfs ? Errno.ENOSPC : Errno.EDQUOT,
        };
    }

    /// <summary>Lets the number of a layer that is gone be given out again, as soon as nothing of it is left: what is still open keeps it.</summary>
    public void Release(uint project)
    {
        lock (_assigning)
        {
            _next = Math.Min(_next, project);
        }
    }

    /// <summary>
    /// Lifts the limits of projects without files. XFS gives deleted files up in the background, so that at the end of a deletion some still count; and a crash
    /// may leave such a limit.
    /// </summary>
    public void Tidy()
    {
        if (ProjectQuota.Mode(root) == ProjectQuotaMode.Off)
        {
            return;
        }

        for (uint from = First; ProjectQuota.Next(root, from) is var (project, _) && project < First + Count; from = project + 1)
        {
            lock (_assigning)
            {
                if (ProjectQuota.Use(root, project) is { Files: 0, Bytes: 0, LimitBytes: not null })
                {
                    ProjectQuota.SetLimit(root, project, null, null);
                }
            }
        }
    }
}
