using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>btrfs in a pool file.</summary>
public sealed class BtrfsLayerTests : LayerStoreContract
{
    protected override LayerDriverKind Driver => LayerDriverKind.Btrfs;

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_pool_is_adopted_once_mounted_and_grows()
    {
        LayerStoreStatus first = Store.Status;
        Assert.Equal(1L << 30, first.TotalBytes);
        await Store.CloseAsync(unmount: false);

        await using (LayerStore larger = await LayerStore.OpenAsync(
            new LayerStoreOptions { DataDirectory = DataDirectory, PoolBytes = 2L << 30 }))
        {
            Assert.Equal(first.PoolDevice, larger.Status.PoolDevice);
            Assert.Equal(2L << 30, larger.Status.TotalBytes);
            Assert.Single(MountInfo.Read(), mount => mount.MountPoint == $"{DataDirectory}/pool");
            await larger.CloseAsync(unmount: true);
        }

        Assert.Null(LoopDevice.Find($"{DataDirectory}/pool.btrfs"));
        Assert.DoesNotContain(MountInfo.Read(), mount => mount.MountPoint == $"{DataDirectory}/pool");

        // A crash between attaching and mounting leaves nothing; an attached device is used, not doubled.
        using (LoopDevice device = LoopDevice.Attach($"{DataDirectory}/pool.btrfs"))
        {
            await using LayerStore again = await LayerStore.OpenAsync(new LayerStoreOptions { DataDirectory = DataDirectory });
            Assert.Equal(device.Path, again.Status.PoolDevice);
            await again.CloseAsync(unmount: true);
        }

        Store = await LayerStore.OpenAsync(Options);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_pool_grows_under_its_layers_and_what_a_crash_cut_off_is_finished_at_the_next_opening()
    {
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        Shell.Bash($"head -c 20M /dev/urandom > {layer.Upper}/file; sync -f {layer.Upper}");
        PoolStatus before = Store.Pool!;
        Assert.Equal((1L << 30, $"{DataDirectory}/pool.btrfs"), (before.SizeBytes, before.File));
        Assert.InRange(before.AllocatedBytes, 20 << 20, 1L << 29);
        Assert.InRange((await Store.MeasureAsync(layer.Id))!.Value.Bytes, 20 << 20, 21 << 20);
        Assert.Null(await Store.MeasureAsync(LayerId.NewSealed()));

        await Store.GrowPoolAsync(2L << 30);
        Assert.Equal((2L << 30, 2L << 30), (Store.Status.TotalBytes, Store.Pool!.SizeBytes));
        await Store.GrowPoolAsync(1L << 30);
        Assert.Equal(2L << 30, Store.Status.TotalBytes);

        // Dead behind the file's new length, with the pool mounted and with it unmounted.
        foreach ((bool unmount, int size) in new[] { (false, 3), (true, 4) })
        {
            await Store.CloseAsync(unmount);
            Shell.Run("truncate", "-s", $"{size}G", $"{DataDirectory}/pool.btrfs");
            Store = await LayerStore.OpenAsync(Options);
            Assert.Equal((long)size << 30, Store.Status.TotalBytes);
        }

        Assert.Equal(20 << 20, new FileInfo($"{layer.Upper}/file").Length);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task What_the_disk_has_lost_is_counted()
    {
        byte[] content = new byte[1 << 20];
        Random.Shared.NextBytes(content);
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        await File.WriteAllBytesAsync($"{layer.Upper}/file", content);
        Assert.Empty(Store.DiskErrors);
        await Store.CloseAsync(unmount: true);

        SpoiledBlock.In($"{DataDirectory}/pool.btrfs", content);
        Store = await LayerStore.OpenAsync(Options);
        await Assert.ThrowsAsync<IOException>(() => File.ReadAllBytesAsync($"{layer.Upper}/file"));
        BtrfsErrorCount error = Assert.Single(Store.DiskErrors);
        Assert.Equal(("1", "corruption_errs", true), (error.Device, error.Kind, error.Count > 0));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_scrub_finds_what_nobody_has_read_since_it_was_damaged_and_ends_when_it_is_asked_to()
    {
        byte[] content = new byte[1 << 20];
        Random.Shared.NextBytes(content);
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        await File.WriteAllBytesAsync($"{layer.Upper}/file", content);
        await Store.FlushAsync();

        LayerScrubState good = await Store.Scrub(CancellationToken.None).End;
        Assert.Equal((100, true, 0L), (good.Percent, good.IsComplete, good.Count.Errors));
        Assert.InRange(good.Count.Bytes, content.Length, Store.Status.TotalBytes);

        SpoiledBlock.In($"{DataDirectory}/pool.btrfs", content);
        (Func<LayerScrubState> now, Task<LayerScrubState> end) = Store.Scrub(CancellationToken.None);
        Assert.InRange(now().Percent, 0, 100);
        LayerScrubState bad = await end;
        Assert.Equal((true, 1L, 1L, 1L), (bad.IsComplete, bad.Count.Errors, bad.Count.ChecksumErrors, bad.Count.Uncorrectable));
        Assert.Equal(bad.Count, now().Count);
        Assert.Equal(new BtrfsErrorCount("1", "corruption_errs", 1), Assert.Single(Store.DiskErrors));

        using CancellationTokenSource cancelled = new();
        await cancelled.CancelAsync();
        LayerScrubState none = await Store.Scrub(cancelled.Token).End;
        Assert.Equal((0, false, 0L), (none.Percent, none.IsComplete, none.Count.Bytes));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_crash_during_mkfs_is_harmless()
    {
        using var other = new TestDirectory();
        System.IO.Directory.CreateDirectory(other["data"]);
        await File.WriteAllTextAsync($"{other["data"]}/pool.btrfs.new", "half a filesystem");

        LayerStore store = await LayerStore.OpenAsync(
            new LayerStoreOptions { DataDirectory = other["data"], PoolBytes = LayerStoreOptions.MinPoolBytes });
        Assert.False(File.Exists($"{other["data"]}/pool.btrfs.new"));
        await store.CloseAsync(unmount: true);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_full_pool_says_so_and_recovers_by_deletions()
    {
        using var other = new TestDirectory();
        await using LayerStore store = await LayerStore.OpenAsync(
            new LayerStoreOptions { DataDirectory = other["data"], PoolBytes = LayerStoreOptions.MinPoolBytes });
        LiveLayer layer = await store.CreateLiveAsync(LayerId.NewLive());
        LayerId good = await SealAsync(store, layer);
        Shell.Bash($"set +e; cat /dev/zero > {layer.Upper}/fill 2>/dev/null; true");
        Exception? failure = null;
        for (int i = 0; i < 200 && failure is null; i++)
        {
            // Small files lie in the metadata, and a snapshot needs metadata.
            Shell.Bash($"set +e; mkdir {layer.Upper}/{i}; cd {layer.Upper}/{i} && for f in {{1..500}}; do printf '%01500d' $f > $f || break; done 2>/dev/null; true");
            failure = await Record.ExceptionAsync(() => SealAsync(store, layer));
        }

        var full = Assert.IsType<LayerStoreFullException>(failure);

        Assert.Contains("no space left in", full.Message, StringComparison.Ordinal);
        Assert.Equal(LayerStoreOptions.MinPoolBytes, full.TotalBytes);

        foreach (LayerId id in store.List().Sealed.Where(id => id != good))
        {
            await store.DeleteSealedAsync(id);
        }

        await store.DeleteLiveAsync(layer.Id);
        // btrfs gives the blocks back in the background, and only later the emptied block groups of data to the metadata.
        Exception? error = full;
        for (int i = 0; i < 120 && error is not null; i++)
        {
            await Task.Delay(500);
            await store.EmptyTrashAsync();
            error = await Record.ExceptionAsync(() => store.CreateLiveAsync(LayerId.NewLive(), good));
        }

        Assert.Null(error);
        await store.CloseAsync(unmount: true);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Another_driver_than_the_first_is_refused()
    {
        await Store.CloseAsync(unmount: true);

        var refused = await Assert.ThrowsAsync<LayerStoreUnavailableException>(() => LayerStore.OpenAsync(
            new LayerStoreOptions { DataDirectory = DataDirectory, Driver = LayerDriverKind.Copy }));

        Assert.Contains("were made by driver btrfs, not copy", refused.Message, StringComparison.Ordinal);
        Store = await LayerStore.OpenAsync(Options);
    }

    private static async Task<LayerId> SealAsync(LayerStore store, LiveLayer layer)
    {
        using SealPreparation prepared = await store.PrepareSealAsync(layer.Id);
        return (await store.SealAsync(prepared, LayerId.NewSealed())).Id;
    }

    // One bit in the place where these bytes stand, a multiple of 4 KiB.
}

/// <summary>Cloned files on a filesystem that can.</summary>
public sealed class ReflinkLayerTests : OnBtrfs
{
    protected override LayerDriverKind Driver => LayerDriverKind.Reflink;
}

/// <summary>Copied files on whatever /tmp is on.</summary>
public sealed class CopyLayerTests : LayerStoreContract
{
    protected override LayerDriverKind Driver => LayerDriverKind.Copy;

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Unchanged_files_are_shared_with_the_last_seal_and_changed_ones_are_not()
    {
        using MountedTree tree = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        Shell.Bash($"head -c 5000000 /dev/urandom | tee {tree["big"]} > {tree["changes"]}; sleep 0.1");
        LayerId first = await SealAsync(tree);
        Shell.Bash($"printf x | dd of={tree["changes"]} bs=1 conv=notrunc status=none; chmod 600 {tree["changes"]}");
        var second = LayerId.NewSealed();
        using SealPreparation prepared = await Store.PrepareSealAsync(tree.Layer.Id);
        SealedLayer layer = await Store.SealAsync(prepared, second);

        Assert.Equal(Inode(first, "big"), Inode(second, "big"));
        Assert.NotEqual(Inode(first, "changes"), Inode(second, "changes"));
        Assert.InRange(layer.OwnBytes!.Value, 5_000_000, 5_100_000);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public void Without_checksums_there_is_no_scrub() => Assert.Equal(
        "the layers are not on btrfs, and only that keeps checksums of all it holds",
        Assert.Throws<LayerStoreUnavailableException>(() => Store.Scrub(CancellationToken.None)).Message);

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Deleted_seals_that_stand_on_one_another_go_together_with_the_last_layer_on_them()
    {
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        List<LayerId> chain = [];
        for (int i = 0; i < 3; i++)
        {
            using (MountedTree tree = Mount(layer))
            {
                File.WriteAllText(tree["file"], $"{i}");
                chain.Add(await SealAsync(tree));
            }

            LiveLayer next = await Store.CreateLiveAsync(LayerId.NewLive(), chain[^1]);
            await Store.DeleteLiveAsync(layer.Id);
            layer = next;
        }

        foreach (LayerId id in chain)
        {
            await Store.DeleteSealedAsync(id);
        }

        await Store.EmptyTrashAsync();
        Assert.Equal(3, System.IO.Directory.GetFileSystemEntries($"{DataDirectory}/layers/sealed").Length);
        await Store.DeleteLiveAsync(layer.Id);
        await Store.EmptyTrashAsync();
        Assert.Empty(System.IO.Directory.GetFileSystemEntries($"{DataDirectory}/layers/sealed"));
        Assert.Empty(System.IO.Directory.GetFileSystemEntries($"{DataDirectory}/layers/live"));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_deleted_seal_stays_as_long_as_a_layer_stands_on_it()
    {
        using MountedTree tree = Mount(await Store.CreateLiveAsync(LayerId.NewLive()));
        File.WriteAllText(tree["file"], "text");
        LayerId snapshot = await SealAsync(tree);
        LiveLayer fork = await Store.CreateLiveAsync(LayerId.NewLive(), snapshot);
        await Store.DeleteSealedAsync(snapshot);
        await Store.EmptyTrashAsync();

        Assert.Empty(Store.List().Sealed);
        await Assert.ThrowsAsync<LayerConflictException>(() => Store.CreateLiveAsync(LayerId.NewLive(), snapshot));
        using (MountedTree forked = Mount(fork))
        {
            Assert.Equal("text", File.ReadAllText(forked["file"]));
        }

        await Store.DeleteLiveAsync(fork.Id);
        await Store.EmptyTrashAsync();
        Assert.Empty(System.IO.Directory.GetFileSystemEntries($"{DataDirectory}/layers/sealed"));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Layers_may_be_deleted_while_the_trash_is_emptied()
    {
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        using SealPreparation prepared = await Store.PrepareSealAsync(layer.Id);
        LayerId snapshot = (await Store.SealAsync(prepared, LayerId.NewSealed())).Id;
        Task changing = Task.Run(async () =>
        {
            for (int i = 0; i < 60; i++)
            {
                await Store.DeleteLiveAsync((await Store.CreateLiveAsync(LayerId.NewLive(), snapshot)).Id);
            }
        });
        while (!changing.IsCompleted)
        {
            await Store.EmptyTrashAsync();
        }

        await changing;
        Assert.Equal([layer.Id], Store.List().Live);
        Assert.Equal([snapshot], Store.List().Sealed);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_chain_of_restores_ends_with_a_clear_refusal()
    {
        LiveLayer layer = await Store.CreateLiveAsync(LayerId.NewLive());
        LayerId last = default;
        for (int i = 0; i < CopyDriver.MaxSealedLowers; i++)
        {
            File.WriteAllText($"{layer.Upper}/f{i}", "");
            using SealPreparation prepared = await Store.PrepareSealAsync(layer.Id);
            last = (await Store.SealAsync(prepared, LayerId.NewSealed())).Id;
            layer = await Store.CreateLiveAsync(LayerId.NewLive(), last);
        }

        using (MountedTree tree = Mount(layer))
        {
            Assert.Equal(CopyDriver.MaxSealedLowers, System.IO.Directory.GetFiles(tree.Path, "f*").Length);
            last = await SealAsync(tree);
        }

        var refused = await Assert.ThrowsAsync<LayerConflictException>(() => Store.CreateLiveAsync(LayerId.NewLive(), last));
        Assert.Contains("a tree holds at most 100 sealed layers", refused.Message, StringComparison.Ordinal);
    }

    private ulong Inode(LayerId id, string name) =>
        Files.Stat(Descriptors.WorkingDirectory, $"{DataDirectory}/layers/sealed/{id}/upper/{name}").Inode;
}

/// <summary>A data directory on a btrfs of its own.</summary>
public abstract class OnBtrfs : LayerStoreContract
{
    protected override string DataDirectory => Directory["disk/data"];

    public override async ValueTask InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Directory.Make("disk");
            Shell.Bash($"cd {Directory.Path}; truncate -s 1G disk.img; mkfs.btrfs -q disk.img; mount -o loop disk.img disk");
        }

        await base.InitializeAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
