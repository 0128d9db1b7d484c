using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Limits of live layers in a pool file, held by btrfs quotas.</summary>
public sealed class LayerLimitTests : IAsyncLifetime
{
    private const long MiB = 1 << 20;
    private const long Limit = 80 * MiB;

    private readonly TestDirectory _directory = new();
    private string _image = "";
    private LayerStore _store = null!;

    private LayerStoreOptions Options => new() { DataDirectory = _directory["data"], Driver = LayerDriverKind.Btrfs, PoolBytes = 1L << 30 };

    public async ValueTask InitializeAsync()
    {
        if (Environment.IsPrivilegedProcess)
        {
            _image = SampleTree.MakeImage(_directory);
            _store = await LayerStore.OpenAsync(Options);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.EmptyTrashAsync();
            await _store.CloseAsync(unmount: true);
        }

        _directory.Dispose();
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_layer_holds_as_much_as_its_limit_and_its_neighbour_goes_on()
    {
        Assert.Equal((LayerQuotaKind.Btrfs, false), (_store.QuotaSupport.Kind, _store.QuotaSupport.IsOn));
        using MountedTree early = await MountAsync();
        Shell.Bash($"head -c 10M /dev/zero > {early["before"]}");
        using MountedTree tree = await MountAsync();
        Assert.Null(_store.UseOf(tree.Layer.Id));

        await _store.SetLimitAsync(tree.Layer.Id, Limit);

        Assert.True(_store.QuotaSupport.IsOn);
        AssertFull(Fill(tree, "big"));
        Shell.Bash($"head -c 150M /dev/zero > {early["after"]}; sync -f {early.Path}");
        LayerUse neighbour = _store.UseOf(early.Layer.Id)!;
        Assert.InRange(neighbour.ReferencedBytes, 160 * MiB, 162 * MiB);
        Assert.Null(neighbour.LimitBytes);

        LayerUse full = _store.UseOf(tree.Layer.Id)!;
        Assert.Equal(Limit, full.LimitBytes);
        Assert.InRange(full.ReferencedBytes + full.ReservedBytes, Limit - (2 * MiB), Limit);

        // What is deleted makes room; overlays name what they delete anew first, so that must work in a full layer.
        File.Delete(tree["big"]);
        AssertFull(Fill(tree, "again"));
        Shell.Bash($"rm {tree["again"]}; cd {tree.Path}; i=0; while printf '%05000d' $i > small-$i; do i=$((i+1)); done 2>/dev/null; find . -name 'small-*' -delete; sync -f .");
        AssertFull(Fill(tree, "third"));

        await _store.SetLimitAsync(tree.Layer.Id, 2 * Limit);
        Assert.InRange(Fill(tree, "more"), Limit * 0.98, Limit);
        await _store.SetLimitAsync(tree.Layer.Id, null);
        Shell.Bash($"head -c 100M /dev/zero > {tree["free"]}");
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task A_full_layer_can_be_sealed_restored_from_and_mounted_anew()
    {
        LiveLayer layer = await _store.CreateLiveAsync(LayerId.NewLive());
        LayerId snapshot;
        using (MountedTree tree = new(_directory, layer, _image))
        {
            await _store.SetLimitAsync(layer.Id, Limit);
            AssertFull(Fill(tree, "big"));
            snapshot = await SealAsync(tree);
        }

        // As a sandbox that has exited is started again.
        await _store.SetLimitAsync(layer.Id, null);
        using (MountedTree again = new(_directory, await _store.OpenLiveAsync(layer.Id, renewWork: true), _image))
        {
            await _store.SetLimitAsync(layer.Id, Limit);
            Assert.InRange(Fill(again, "more"), 0, 2 * MiB);
            File.Delete(again["big"]);
            File.Delete(again["more"]);

            // The snapshot holds what was deleted, and that is not the layer's.
            AssertFull(Fill(again, "refilled"));
        }

        await _store.PrepareRestoreAsync(snapshot);
        foreach (string way in new[] { "the spare", "anew" })
        {
            LiveLayer restored = await _store.CreateLiveAsync(LayerId.NewLive(), snapshot);
            Assert.Null(_store.UseOf(restored.Id)!.LimitBytes);
            using MountedTree tree = new(_directory, restored, _image);
            await _store.SetLimitAsync(restored.Id, Limit);
            Assert.True(Fill(tree, "more") <= 2 * MiB, way);
            File.Delete(tree["big"]);
            AssertFull(Fill(tree, "own"));
        }
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Limits_survive_the_store_and_a_start_without_any_switches_counting_off()
    {
        LiveLayer layer = await _store.CreateLiveAsync(LayerId.NewLive());
        await _store.SetLimitAsync(layer.Id, Limit);
        LiveLayer other = await _store.CreateLiveAsync(LayerId.NewLive());
        await _store.CloseAsync(unmount: true);

        _store = await LayerStore.OpenAsync(Options);
        Assert.True(_store.QuotaSupport.IsOn);
        Assert.Equal(Limit, _store.UseOf(layer.Id)!.LimitBytes);
        using (MountedTree tree = new(_directory, layer, _image))
        {
            AssertFull(Fill(tree, "big"));
        }

        await _store.DeleteLiveAsync(layer.Id);
        await _store.EmptyTrashAsync();
        await _store.CloseAsync(unmount: true);
        _store = await LayerStore.OpenAsync(Options);
        Assert.False(_store.QuotaSupport.IsOn);
        Assert.Null(_store.UseOf(other.Id));
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Deleted_layers_leave_no_quota_group()
    {
        LiveLayer stays = await _store.CreateLiveAsync(LayerId.NewLive());
        await _store.SetLimitAsync(stays.Id, Limit);
        int before = Groups();
        for (int i = 0; i < 5; i++)
        {
            using MountedTree tree = await MountAsync();
            await _store.SetLimitAsync(tree.Layer.Id, Limit);
            File.WriteAllText(tree["file"], "text");
            await _store.DeleteSealedAsync(await SealAsync(tree));
            await _store.DeleteLiveAsync(tree.Layer.Id);
        }

        Assert.Equal(before + 10, Groups());
        await _store.EmptyTrashAsync();
        Shell.Run("btrfs", "subvolume", "sync", _store.Status.Root);
        await Poll.UntilAsync(() => Task.FromResult(Groups() == before), 60, () => $"{Groups()} groups instead of {before}");

        // Nor does a start take one away that is in use.
        await _store.CloseAsync(unmount: false);
        _store = await LayerStore.OpenAsync(Options);
        Assert.Equal(before, Groups());
        Assert.Equal(Limit, _store.UseOf(stays.Id)!.LimitBytes);
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Where_the_kernel_gave_up_counting_it_is_made_to_begin_again()
    {
        using MountedTree tree = await MountAsync();
        await _store.SetLimitAsync(tree.Layer.Id, Limit);
        Assert.False(await _store.MendQuotaAsync());

        // A group of a higher level with a subvolume that shares blocks in it: the kernel cannot tell what the group holds, as where it
        // gives up at a large deletion.
        string root = _store.Status.Root;
        File.WriteAllBytes(tree["shared"], new byte[MiB]);
        await SealAsync(tree);
        Shell.Bash($"btrfs qgroup create 1/0 {root}; btrfs qgroup assign --no-rescan 0/$(btrfs inspect-internal rootid {root}/live/{tree.Layer.Id}) 1/0 {root} || true");

        Assert.True(await _store.MendQuotaAsync());
        Shell.Run("btrfs", "quota", "rescan", "-w", _store.Status.Root);
        Assert.False(await _store.MendQuotaAsync());
        File.Delete(tree["shared"]);
        AssertFull(Fill(tree, "big"));
    }

    private string QuotaFolder() => $"/sys/fs/btrfs/{Shell.Run("findmnt", "-no", "UUID", _store.Status.Root).Trim()}/qgroups";

    private int Groups() => System.IO.Directory.GetDirectories(QuotaFolder(), "0_*").Length;

    private async Task<MountedTree> MountAsync() => new(_directory, await _store.CreateLiveAsync(LayerId.NewLive()), _image);

    private async Task<LayerId> SealAsync(MountedTree tree)
    {
        using SealPreparation prepared = await _store.PrepareSealAsync(tree.Layer.Id);
        return (await _store.SealAsync(prepared, LayerId.NewSealed())).Id;
    }

    // Gives how much went in before the kernel refused.
    private static long Fill(MountedTree tree, string name)
    {
        string said = Shell.Bash($"dd if=/dev/zero of={tree[name]} bs=256k count=4000 2>&1 || true; sync -f {tree.Path}");
        Assert.Contains("Disk quota exceeded", said, StringComparison.Ordinal);
        return File.Exists(tree[name]) ? new FileInfo(tree[name]).Length : 0;
    }

    private static void AssertFull(long written) => Assert.InRange(written, Limit * 0.98, Limit);
}
