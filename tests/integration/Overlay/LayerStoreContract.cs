using System.IO.MemoryMappedFiles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>What every driver keeps.</summary>
public abstract class LayerStoreContract : IAsyncLifetime
{
    protected TestDirectory Directory { get; } = new();

    protected LayerStore Store { get; set; } = null!;

    protected string Image { get; private set; } = "";

    protected abstract LayerDriverKind Driver { get; }

    protected virtual string DataDirectory => Directory["data"];

    protected LayerStoreOptions Options => new() { DataDirectory = DataDirectory, Driver = Driver, PoolBytes = 1L << 30 };

    public virtual async ValueTask InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Image = SampleTree.MakeImage(Directory);
            Store = await LayerStore.OpenAsync(Options);
        }
    }

    public virtual async ValueTask DisposeAsync()
    {
        if (Store is not null)
        {
            await Store.EmptyTrashAsync();
            await Store.CloseAsync(unmount: true);
        }

        Directory.Dispose();
        Assert.DoesNotContain(MountInfo.Read(), mount => mount.MountPoint.StartsWith(Directory.Path, StringComparison.Ordinal));
        GC.SuppressFinalize(this);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_restored_layer_and_each_fork_equal_what_was_sealed()
    {
        using MountedTree tree = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        SampleTree.Change(tree.Path);
        IReadOnlyList<string> before = tree.Manifest();
        LayerId snapshot = await SealAsync(tree);
        Shell.Bash($"cd {tree.Path}; rm -rf many renamed data; echo damage > keep/1; echo x >> hard1; mv closed opened");

        using MountedTree restored = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), snapshot));
        TreeManifest.AssertEqual(before, restored.Manifest());
        await Store.PrepareRestoreAsync(snapshot);
        await Store.PrepareRestoreAsync(snapshot);
        using MountedTree fork = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), snapshot));
        Shell.Bash($"cd {restored.Path}; rm -r many; mv renamed back; echo other > data");
        TreeManifest.AssertEqual(before, fork.Manifest());

        // A second generation: what was changed after the restore, sealed and restored again.
        IReadOnlyList<string> second = restored.Manifest();
        LayerId next = await SealAsync(restored);
        await Store.PrepareRestoreAsync(snapshot); // never used: must go with its layer
        await Store.DeleteLiveAsync(restored.Layer.Id);
        await Store.DeleteSealedAsync(snapshot);
        await Store.EmptyTrashAsync();
        Assert.DoesNotContain(Names($"{Store.Status.Root}/live"), name => name.StartsWith('.'));
        using MountedTree again = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), next));
        TreeManifest.AssertEqual(second, again.Manifest());
        TreeManifest.AssertEqual(before, fork.Manifest());
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Each_of_many_seals_holds_what_was_there_at_its_time()
    {
        using MountedTree tree = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        var taken = new List<(LayerId Id, IReadOnlyList<string> Manifest)>();
        using (var map = MemoryMappedFile.CreateFromFile(tree["mapped"], FileMode.Create, null, 8192))
        using (MemoryMappedViewAccessor view = map.CreateViewAccessor())
        {
            for (int i = 0; i < 6; i++)
            {
                File.WriteAllText(tree["same-size"], $"{i}");
                File.WriteAllText(tree[$"only-{i}"], "stays");
                view.Write(0, (long)i);
                SealPreparation prepared = await Store.PrepareSealAsync(tree.Layer.Id);
                // The page is dirty from here on, so the next store to it is seen by nobody.
                view.Write(0, 1000L + i);
                File.WriteAllText(tree["after-prepare"], $"{i}");
                taken.Add((LayerId.NewSealed(), tree.Manifest()));
                await Store.SealAsync(prepared, taken[^1].Id);
                view.Write(0, 2000L + i);
                prepared.Dispose();
            }
        }

        foreach ((LayerId id, IReadOnlyList<string> manifest) in taken)
        {
            using MountedTree restored = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), id));
            TreeManifest.AssertEqual(manifest, restored.Manifest());
        }
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_restarted_daemon_finds_all_layers_and_sweeps_what_was_half_made()
    {
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        LayerId snapshot;
        IReadOnlyList<string> before;
        using (MountedTree tree = Mount(layer))
        {
            SampleTree.Change(tree.Path);
            before = tree.Manifest();
            snapshot = await SealAsync(tree);
        }

        string root = Store.Status.Root;
        await Store.DisposeAsync();
        System.IO.Directory.CreateDirectory($"{root}/live/.new-{LayerId.NewLive()}-0123456789abcdef/upper/x");
        System.IO.Directory.CreateDirectory($"{root}/sealed/.new-{LayerId.NewSealed()}-0123456789abcdef/upper");
        System.IO.Directory.CreateDirectory($"{root}/sealed/.dead-0123456789abcdef/upper/half/deleted");
        string deep = $"{root}/live/.dead-fedcba9876543210";
        Shell.Bash($"mkdir {deep}; cd {deep}; for i in $(seq 300); do mkdir d; touch f; cd d; done");
        int mounts = MountInfo.Read().Count;

        Store = await LayerStore.OpenAsync(Options with { Driver = LayerDriverKind.Auto });

        Assert.Equal(mounts, MountInfo.Read().Count);
        Assert.Equal(Driver, Store.Status.Driver);
        Assert.Equal([layer.Id], Store.List().Live);
        Assert.Equal([snapshot], Store.List().Sealed);
        await Store.EmptyTrashAsync();
        Assert.Equal([layer.Id.ToString()], Names($"{root}/live"));
        Assert.Equal([snapshot.ToString()], Names($"{root}/sealed"));
        using (MountedTree same = Mount(await Store.OpenLiveAsync(layer.Id, renewWork: true)))
        {
            TreeManifest.AssertEqual(before, same.Manifest());
        }

        await Store.DeleteLiveAsync(layer.Id);
        await Store.DeleteLiveAsync(layer.Id);
        await Store.DeleteSealedAsync(snapshot);
        Assert.Equal((0, 0), (Store.List().Live.Count, Store.List().Sealed.Count));
        await Store.EmptyTrashAsync();
        Assert.Empty(Names($"{root}/live").Concat(Names($"{root}/sealed")));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_volatile_tree_can_be_sealed_and_mounted_again()
    {
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        LayerId snapshot;
        using (var tree = new MountedTree(Directory, layer, Image, isVolatile: true))
        {
            File.WriteAllText(tree["file"], "text");
            snapshot = await SealAsync(tree);
        }

        using (var restored = new MountedTree(
            Directory, await Store.CreateLiveAsync(LayerId.NewLive(), snapshot), Image, isVolatile: true))
        {
            Assert.Equal("text", File.ReadAllText(restored["file"]));
        }

        using var again = new MountedTree(Directory, await Store.OpenLiveAsync(layer.Id, renewWork: true), Image, isVolatile: true);
        Assert.Equal("text", File.ReadAllText(again["file"]));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Unknown_and_taken_ids_are_refused()
    {
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        LayerId missing = LayerId.NewSealed();

        await Assert.ThrowsAsync<LayerConflictException>(() => Store.CreateLiveAsync(layer.Id));
        var unknown = await Assert.ThrowsAsync<LayerConflictException>(() => Store.CreateLiveAsync(LayerId.NewLive(), missing));
        Assert.Equal($"layer {missing} does not exist", unknown.Message);
        await Assert.ThrowsAsync<LayerConflictException>(() => Store.OpenLiveAsync(LayerId.NewLive()));
        await Assert.ThrowsAsync<LayerConflictException>(() => Store.PrepareSealAsync(LayerId.NewLive()));
        await Assert.ThrowsAsync<LayerConflictException>(() => Store.PrepareRestoreAsync(LayerId.NewSealed()));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CreateLiveAsync(missing));
        using SealPreparation prepared = await Store.PrepareSealAsync(layer.Id);
        await Store.SealAsync(prepared, missing);
        await Assert.ThrowsAsync<LayerConflictException>(() => Store.SealAsync(prepared, missing));
        Assert.Equal([layer.Id], Store.List().Live);
        await Assert.ThrowsAsync<LayerStoreUnavailableException>(() => LayerStore.OpenAsync(Options));
    }

    protected MountedTree Mount(LiveLayer layer) => new(Directory, layer, Image);

    protected async Task<LayerId> SealAsync(MountedTree tree)
    {
        var id = LayerId.NewSealed();
        using SealPreparation prepared = await Store.PrepareSealAsync(tree.Layer.Id);
        SealedLayer layer = await Store.SealAsync(prepared, id);
        Assert.Equal(id, layer.Id);
        await Store.FlushAsync();
        return id;
    }

    private static string[] Names(string path) =>
        [.. System.IO.Directory.GetFileSystemEntries(path).Select(name => Path.GetFileName(name)!)];
}
