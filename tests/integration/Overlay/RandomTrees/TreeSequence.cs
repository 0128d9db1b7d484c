using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;

namespace Sleigh.IntegrationTests.Overlay.RandomTrees;

/// <summary>
/// One life of sandboxes on one image: changes, snapshots, restores, forks and deletions at random. Each snapshot must give
/// back the very tree that it was taken of, however often and whatever happened since, and no tree may see another one's changes.
/// </summary>
internal sealed class TreeSequence
{
    private const int MostTrees = 4;

    private readonly LayerStore _store;
    private readonly TestDirectory _directory;
    private readonly Random _random;
    private readonly string _home;
    private readonly List<string> _log = [];
    private readonly List<SandboxTree> _trees = [];
    private readonly List<TreeSnapshot> _snapshots = [];
    private IReadOnlyList<string> _image = [];
    private int _made;

    public TreeSequence(LayerStore store, TestDirectory directory, int seed)
    {
        (_store, _directory, _random) = (store, directory, new Random(seed));
        _home = directory.Make($"sequence-{Guid.NewGuid():N}");
    }

    /// <summary>What was done, in order.</summary>
    public string Log => string.Join('\n', _log);

    /// <summary>Snapshots that were given back and found equal.</summary>
    public int Restored { get; private set; }

    public async Task RunAsync()
    {
        try
        {
            MakeImage();
            SandboxTree first = await NewTreeAsync(null);
            for (int i = 0; i < 2; i++)
            {
                first.Change(_random.Next(5, 41));
                await SnapshotAsync(first);
            }

            for (int i = _random.Next(1, 7); i > 0; i--)
            {
                await StepAsync();
                _trees.ForEach(tree => tree.IsAsLeft("at the end of a step"));
            }

            foreach (TreeSnapshot snapshot in _snapshots)
            {
                await IsKeptAsync(snapshot);
            }
        }
        finally
        {
            await CleanUpAsync();
        }
    }

    private async Task StepAsync()
    {
        switch (_random.Next(8))
        {
            case < 2:
                await GoOnAsync(await RestoreAsync(AnySnapshot()));
                break;
            case 2:
                await ForkAsync(AnySnapshot());
                break;
            case 3 when _snapshots.Count > 1:
                await DeleteAsync(AnySnapshot());
                break;
            case 4:
                TreeSnapshot ahead = AnySnapshot();
                Say($"prepare to restore {ahead.Name}");
                await _store.PrepareRestoreAsync(ahead.Id);
                break;
            case 5 when _trees.Count > 1:
                await DropAsync(AnyTree());
                break;
            case 6:
                SandboxTree again = AnyTree();
                Say($"mount {again.Name} again");
                await again.RemountAsync(_store);
                break;
            default:
                await GoOnAsync(AnyTree());
                break;
        }
    }

    /// <summary>One layer that was written plainly, and often one more over it, with its whiteouts, opaque and renamed directories.</summary>
    private void MakeImage()
    {
        string bottom = Directory.CreateDirectory($"{_home}/bottom").FullName;
        using (var changes = new TreeChanges(bottom, "image", isOverlay: false, _random, Say))
        {
            changes.Make(_random.Next(40));
        }

        _image = [bottom];
        if (_random.Next(2) == 0)
        {
            string top = Directory.CreateDirectory($"{_home}/top").FullName;
            var layer = new LiveLayer(LayerId.NewLive(), top, Directory.CreateDirectory($"{_home}/work").FullName, []);
            using (var tree = new SandboxTree(_directory, layer, _image, "upper image", _random, Say))
            {
                tree.Change(_random.Next(20));
            }

            _image = [top, bottom];
        }
    }

    private async Task<SandboxTree> NewTreeAsync(TreeSnapshot? from)
    {
        if (_trees.Count == MostTrees)
        {
            await DropAsync(_trees[0]);
        }

        string name = string.Create(CultureInfo.InvariantCulture, $"tree {++_made}");
        Say($"make {name} of {from?.Name ?? "nothing"}");
        var tree = new SandboxTree(_directory, await _store.CreateLiveAsync(LayerId.NewLive(), from?.Id), _image, name, _random, Say);
        _trees.Add(tree);
        return tree;
    }

    private async Task<SandboxTree> RestoreAsync(TreeSnapshot snapshot)
    {
        SandboxTree tree = await NewTreeAsync(snapshot);
        SandboxTree.IsEqual(Comparable(snapshot.Manifest), Comparable(tree.Expected), $"{tree.Name}, restored from {snapshot.Name}");
        Restored++;
        return tree;
    }

    private async Task GoOnAsync(SandboxTree tree)
    {
        tree.Change(_random.Next(1, 21));
        if (_random.Next(3) != 0)
        {
            await SnapshotAsync(tree);
        }
    }

    private async Task SnapshotAsync(SandboxTree tree)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"snapshot {++_made}");
        Say($"{name} of {tree.Name}");
        int meanwhile = _random.Next(3) == 0 ? _random.Next(1, 8) : 0;
        int after = _random.Next(3) == 0 ? _random.Next(1, 8) : 0;

        // Its processes run while the seal is being prepared, and are frozen for the seal only.
        Task<SealPreparation> preparing = _store.PrepareSealAsync(tree.Layer.Id);
        tree.Change(meanwhile);
        using SealPreparation prepared = await preparing;
        Say($"{name} is prepared");
        tree.Change(after);
        LayerId id = (await _store.SealAsync(prepared, LayerId.NewSealed())).Id;
        tree.IsAsLeft($"after {name}");
        _snapshots.Add(new TreeSnapshot(id, name, tree.Expected));
    }

    private async Task ForkAsync(TreeSnapshot snapshot)
    {
        List<SandboxTree> forks = [];
        for (int i = _random.Next(2, MostTrees); i > 0; i--)
        {
            forks.Add(await RestoreAsync(snapshot));
        }

        foreach (SandboxTree fork in forks)
        {
            fork.Change(_random.Next(1, 16));
            _trees.ForEach(tree => tree.IsAsLeft($"after changes of {fork.Name}"));
        }
    }

    private async Task DeleteAsync(TreeSnapshot snapshot)
    {
        Say($"delete {snapshot.Name}");
        _snapshots.Remove(snapshot);
        await _store.DeleteSealedAsync(snapshot.Id);
        if (_random.Next(2) == 0)
        {
            Say("empty the trash");
            await _store.EmptyTrashAsync();
        }
    }

    /// <summary>Looks at a snapshot in one of the two ways in which it is used: restored, and only read.</summary>
    private async Task IsKeptAsync(TreeSnapshot snapshot)
    {
        if (_random.Next(3) != 0)
        {
            await DropAsync(await RestoreAsync(snapshot));
            return;
        }

        Say($"read {snapshot.Name}");
        using OverlayLayers layers = OverlayLayers.OpenReadOnly([.. await _store.UppersOfAsync(snapshot.Id), .. _image]);
        using SafeFileHandle mount = layers.MountDetached();
        SandboxTree.IsEqual(Comparable(snapshot.Manifest), Comparable(TreeManifest.Of(Descriptors.PathOf(mount))), $"{snapshot.Name}, read");
        Restored++;
    }

    private async Task DropAsync(SandboxTree tree)
    {
        Say($"delete {tree.Name}");
        _trees.Remove(tree);
        tree.Dispose();
        await _store.DeleteLiveAsync(tree.Layer.Id);
    }

    private async Task CleanUpAsync()
    {
        while (_trees.Count > 0)
        {
            await DropAsync(_trees[0]);
        }

        foreach (TreeSnapshot snapshot in _snapshots)
        {
            await _store.DeleteSealedAsync(snapshot.Id);
        }

        RandomChanges.Remove(Descriptors.WorkingDirectory, _home);
    }

    // The copying drivers share files between sealed layers by hard link, and of a lower file with several names the overlay shows, as long as
    // it stays mounted, other inode numbers for names that were linked since: seed 208854911. Which names are one file is compared with btrfs.
    private IReadOnlyList<string> Comparable(IReadOnlyList<string> manifest) => _store.Status.Driver == LayerDriverKind.Btrfs
        ? manifest
        : [.. manifest.Select(line => line.Split(" linked to ")[0])];

    private TreeSnapshot AnySnapshot() => _snapshots[_random.Next(_snapshots.Count)];

    private SandboxTree AnyTree() => _trees[_random.Next(_trees.Count)];

    private void Say(string what) => _log.Add(what);

    /// <summary>A sealed layer and the tree it was made of.</summary>
    private sealed record TreeSnapshot(LayerId Id, string Name, IReadOnlyList<string> Manifest);
}
