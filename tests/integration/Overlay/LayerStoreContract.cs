using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;
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

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_mark_holds_as_long_as_no_file_has_changed_and_no_change_goes_unseen()
    {
        using MountedTree tree = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        Shell.Bash($"cd {tree.Path}; head -c 8192 /dev/zero > mapped; touch nocow; chattr +C {tree.Layer.Upper}/nocow 2> /dev/null || true; head -c 9000 /dev/urandom > nocow; mkdir d; echo f > d/f");
        using MemoryMappedFile map = MemoryMappedFile.CreateFromFile(tree["mapped"]);
        using MemoryMappedViewAccessor view = map.CreateViewAccessor();
        byte stored = 0;
        Action[] changes =
        [
            () => view.Write(0, ++stored), () => view.Write(0, ++stored), () => view.Write(4096, ++stored), () => Change("printf x | dd of=nocow bs=1 conv=notrunc status=none"),
            () => Change("cp --preserve=all d/f d/g; cat d/f > d/f2; touch -r d/g d/f2"), () => Change("chmod 700 d/f"), () => Change("touch -d 2001-01-01 d/f"), () => Change("mv d/f d/h"),
            () => Change("ln d/h d/i"), () => Change("rm d/i"), () => Change("mkdir d/e"), () => Change("rmdir d/e"), () => Change("ln -s x d/s"), () => Change("mkfifo d/p"),
            () => Change("touch d/t; rm d/t"), () => Change("chown 3:3 d/h"), SetAttribute, () => Change("truncate -s 99 d/h"),
            () => Change("rm keep/1"), () => Change("cat d/h >> d/h2"), () => Change("chmod 711 ."),
        ];
        if (FileSystems.Stat(DataDirectory).Magic == FileSystems.Tmpfs)
        {
            // Nothing is written back there, so a store through the map would go unseen.
            Assert.Null(await Store.MarkAsync(tree.Layer.Id));
            return;
        }

        LayerMark mark = await MarkAsync();
        for (int i = 0; i < changes.Length; i++)
        {
            Shell.Bash($"cd {tree.Path}; find . -type f -exec cat {{}} + | wc -c; ls -lR . | wc -l; find . -type l -exec readlink {{}} +");
            Assert.Equal(mark, await Store.MarkAsync(tree.Layer.Id));
            changes[i]();
            LayerMark next = await MarkAsync();
            Assert.True(mark != next, $"change {i} was not seen");
            using SealPreparation prepared = await Store.PrepareSealAsync(tree.Layer.Id);
            SealedLayer layer = await Store.SealAsync(prepared, LayerId.NewSealed(), mark);
            Assert.False(layer.IsUnchanged, $"change {i} was not seen by the seal");
            mark = layer.Mark ?? await MarkAsync();
            using SealPreparation again = await Store.PrepareSealAsync(tree.Layer.Id);
            layer = await Store.SealAsync(again, LayerId.NewSealed(), mark);
            Assert.True(layer.IsUnchanged, $"nothing changed after change {i}");
            mark = layer.Mark!;
        }

        // Another layer's changes are its own.
        using MountedTree other = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        Shell.Bash($"echo x > {other["x"]}; sync");
        Assert.Equal(mark, await Store.MarkAsync(tree.Layer.Id));

        void SetAttribute()
        {
            using SafeFileHandle folder = Files.Open(tree.Path, OpenFlags.PathOnly);
            ExtendedAttributes.Set(folder, "d/h", "user.a", "b"u8);
        }

        void Change(string command) => Shell.Bash($"cd {tree.Path}; {command}");

        async Task<LayerMark> MarkAsync() => await Store.MarkAsync(tree.Layer.Id) ?? throw new InvalidOperationException("there is no mark");
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_sockets_name_is_carried_over_and_what_it_hides_stays_hidden()
    {
        using MountedTree tree = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        using (SafeFileHandle root = Files.Open(tree.Path, OpenFlags.ReadOnly | OpenFlags.Directory))
        {
            Files.Unlink(root, "keep/1");
            Files.MakeNode(root, "keep/1", FileType.Socket, 0x1C0);
            Files.MakeNode(root, "socket", FileType.Socket, 0x1ED);
            Files.Link(root, "socket", root, "same");
        }

        IReadOnlyList<string> before = tree.Manifest();
        using MountedTree restored = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), await SealAsync(tree)));
        TreeManifest.AssertEqual(before, restored.Manifest());
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Names_of_one_file_part_after_a_restore_only_where_files_are_copied_and_only_once_one_is_written()
    {
        using MountedTree tree = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        Shell.Bash($"cd {tree.Path}; echo one > a; ln a b; echo one > c; ln c keep/d");
        using MountedTree restored = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), await SealAsync(tree)));
        Assert.Equal("one file\n", Shell.Bash($"cd {restored.Path}; [ a -ef b ] && echo one file"));

        Shell.Bash($"cd {restored.Path}; echo more >> a; chmod 600 keep/d");

        bool isCopied = Driver != LayerDriverKind.Btrfs;
        Assert.Equal("one\nmore\n", File.ReadAllText(restored["a"]));
        Assert.Equal(isCopied ? "one\n" : "one\nmore\n", File.ReadAllText(restored["b"]));
        Assert.Equal(isCopied ? "644 600\n" : "600 600\n", Shell.Bash($"cd {restored.Path}; echo $(stat -c %a c keep/d)"));
        Assert.Equal("one\n", File.ReadAllText(tree["a"]));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_path_of_more_than_4096_bytes_fails_a_snapshot_only_where_files_are_copied_and_leaves_nothing()
    {
        using MountedTree tree = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        Shell.Bash($"cd {tree.Path}; n=$(printf 'n%.0s' $(seq 255)); for i in $(seq 17); do mkdir $n; cd $n; done; echo deep > file");
        if (Driver == LayerDriverKind.Btrfs)
        {
            IReadOnlyList<string> before = tree.Manifest();
            using MountedTree restored = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), await SealAsync(tree)));
            TreeManifest.AssertEqual(before, restored.Manifest());
            return;
        }

        var refused = await Assert.ThrowsAsync<KernelException>(() => SealAsync(tree));
        Assert.Equal(Errno.ENAMETOOLONG, refused.Errno);
        Assert.Empty(Store.List().Sealed);
        await Store.EmptyTrashAsync();
        Assert.Empty(Names($"{Store.Status.Root}/sealed"));
        Shell.Bash($"cd {tree.Path}; rm -r n*; echo fine > file");
        using MountedTree again = Mount(await Store.CreateLiveAsync(LayerId.NewLive(), await SealAsync(tree)));
        Assert.Equal("fine\n", File.ReadAllText(again["file"]));
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
