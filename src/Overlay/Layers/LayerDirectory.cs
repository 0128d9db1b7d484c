using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// A directory of layers, <c>live/</c> or <c>sealed/</c>. New, finished and deleted ones lie side by side and are told
/// apart by name only: a read-only subvolume can be renamed within its directory, but not moved to another one (EROFS).
/// </summary>
internal sealed class LayerDirectory : IDisposable
{
    private const string NewPrefix = ".new-";
    private const string DeadPrefix = ".dead-";

    private LayerDirectory(string path, SafeFileHandle handle)
    {
        Path = path;
        Handle = handle;
    }

    public string Path { get; }

    public SafeFileHandle Handle { get; }

    /// <summary>Opens or makes the directory; what a dead daemon was building becomes trash.</summary>
    public static LayerDirectory Open(string path)
    {
        // Files of tenants, setuid ones too, are nobody else's business.
        PrivateDirectory.Ensure(path);
        var directory = new LayerDirectory(path, Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory));
        foreach (string name in directory.Names(NewPrefix))
        {
            directory.Bury(name);
        }

        return directory;
    }

    public string PathOf(LayerId id) => $"{Path}/{id}";

    public bool Has(LayerId id) => Files.TryStat(Handle, id.ToString(), out _) is { Type: FileType.Directory };

    public void RequirePresent(LayerId id)
    {
        if (!Has(id))
        {
            throw new LayerConflictException(id, "does not exist");
        }
    }

    public void RequireAbsent(LayerId id)
    {
        if (Has(id))
        {
            throw new LayerConflictException(id, "exists already");
        }
    }

    public IReadOnlyList<LayerId> Ids() =>
        [.. Names("").Select(name => LayerId.TryParse(name, out LayerId id) ? id : default).Where(id => id != default).Order()];

    /// <summary>A name to build under.</summary>
    public static string NewName(LayerId id) => $"{NewPrefix}{id}-{Random()}";

    /// <summary>Makes a plain directory of that name and has it filled; buries it if that fails.</summary>
    public T Build<T>(string newName, Func<SafeFileHandle, T> fill) => BuryUnlessDone(newName, () =>
    {
        Files.MakeDirectory(Handle, newName, 0x1C0); // 0700
        using SafeFileHandle layer = Files.Open(Handle, newName, OpenFlags.ReadOnly | OpenFlags.Directory);
        return fill(layer);
    });

    /// <summary>Runs steps that build something under this name; buries it if they fail.</summary>
    public T BuryUnlessDone<T>(string newName, Func<T> build)
    {
        bool complete = false;
        try
        {
            T built = build();
            complete = true;
            return built;
        }
        finally
        {
            if (!complete)
            {
                Bury(newName);
            }
        }
    }

    /// <summary>Gives what was built its name.</summary>
    public void Commit(string newName, LayerId id)
    {
        RequireAbsent(id);
        Files.Rename(Handle, newName, Handle, id.ToString());
    }

    /// <summary>Keeps what was built as the spare live layer of a sealed one; false if it has one already.</summary>
    public bool TryKeepSpare(string newName, LayerId sealedId)
    {
        if (Files.TryStat(Handle, SpareName(sealedId), out _) is not null)
        {
            return false;
        }

        Files.Rename(Handle, newName, Handle, SpareName(sealedId));
        return true;
    }

    /// <summary>Gives the spare of a sealed layer this name; false if there is none.</summary>
    public bool TryTakeSpare(LayerId sealedId, LayerId id)
    {
        try
        {
            Files.Rename(Handle, SpareName(sealedId), Handle, id.ToString());
            return true;
        }
        catch (KernelException ex) when (ex.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    public static string SpareName(LayerId sealedId) => $".spare-{sealedId}";

    /// <summary>
    /// Makes trash of something; nothing happens if it is not there. On a full btrfs a rename finds no room, while
    /// deleting has a reserve: then it is deleted here and now.
    /// </summary>
    public void Bury(string name)
    {
        try
        {
            Files.Rename(Handle, name, Handle, DeadName());
        }
        catch (KernelException ex) when (ex.Errno == Errno.ENOENT)
        {
            // It was never made, or somebody else buried it.
        }
        catch (KernelException ex) when (ex.Errno == Errno.ENOSPC)
        {
            Destroy(name, CancellationToken.None);
        }
    }

    /// <summary>Deletes a subvolume or a plain directory with all it holds.</summary>
    public void Destroy(string name, CancellationToken cancellationToken)
    {
        ulong? subvolume;
        using (SafeFileHandle dead = Files.Open(Handle, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow))
        {
            subvolume = BtrfsVolume.IsSubvolume(dead) ? BtrfsQuota.SubvolumeId(dead) : null;
        }

        if (subvolume is ulong id)
        {
            BtrfsVolume.Delete(Handle, name);
            BtrfsQuota.TryRemoveGroup(Handle, id);
        }
        else
        {
            TreeRemover.Remove(Handle, name, DeadName, cancellationToken);
        }
    }

    private static string DeadName() => $"{DeadPrefix}{Random()}";

    /// <summary>Deletes one thing that was buried; false if there is none.</summary>
    /// <param name="before">Looks at it before, and gives what is to be done once it is gone.</param>
    /// <param name="cancellationToken">Leaves the rest for another time.</param>
    public bool DestroyOne(Func<string, Action>? before, CancellationToken cancellationToken)
    {
        if (Names(DeadPrefix).FirstOrDefault() is not string name)
        {
            return false;
        }

        Action? behind = before?.Invoke(name);
        Destroy(name, cancellationToken);
        behind?.Invoke();
        return true;
    }

    public void Dispose() => Handle.Dispose();

    private static string Random() => RandomNumberGenerator.GetHexString(16, lowercase: true);

    /// <summary>The names of all that lies here, in whatever state.</summary>
    public IReadOnlyList<string> All() => [.. Names("").Where(name => name is not ("." or ".."))];

    private List<string> Names(string prefix)
    {
        using SafeFileHandle fresh = Files.Open(Handle, ".", OpenFlags.ReadOnly | OpenFlags.Directory);
        return [.. Files.ReadDirectory(fresh)
            .Select(entry => entry.Name.ToString())
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
    }
}
