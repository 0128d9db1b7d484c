using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class StorageChecksTests
{
    private static readonly LayerOutlook Pool = new(LayerDriverKind.Btrfs, "in a pool file", UsesPool: true);
    private static readonly LayerOutlook Copy = new(LayerDriverKind.Copy, "no btrfs: none", UsesPool: false);

    [Theory]
    [InlineData("ext4", "ok")]
    [InlineData("btrfs", "ok")]
    [InlineData("nfs", "fail")]
    [InlineData("cifs", "fail")]
    [InlineData("tmpfs", "warn")]
    [InlineData("overlay", "warn")]
    [InlineData(null, "warn")]
    public void The_data_directory_lies_on_a_local_disk(string? type, string result) =>
        Assert.Equal(result, StorageChecks.FileSystem("/var/lib/sleigh", type, exists: true).Result);

    [Fact]
    public void A_data_directory_that_is_not_there_yet_is_said_to_be_so() =>
        Assert.Equal(Finding.Ok("/srv/sleigh will be on XFS"), StorageChecks.FileSystem("/srv/sleigh", "XFS", exists: false));

    [Theory]
    [InlineData(0x9123683E, "btrfs")]
    [InlineData(0x6969, "nfs")]
    [InlineData(0x01021994, "tmpfs")]
    [InlineData(17, null)]
    public void Types_are_known_by_number(long magic, string? name) => Assert.Equal(name, FileSystemName.Of(magic));

    [Fact]
    public void Errors_that_the_disk_was_seen_to_have_are_a_warning()
    {
        Assert.Equal(Finding.Ok("/d/pool has met none"), StorageChecks.DiskErrors("/d/pool", []));
        Assert.Equal(Finding.Ok("nobody counts those of /d, which is not on btrfs"), StorageChecks.DiskErrors("/d", null));
        Finding bad = StorageChecks.DiskErrors("/d/pool", [new BtrfsErrorCount("1", "read_errs", 2), new BtrfsErrorCount("1", "corruption_errs", 3)]);
        Assert.Equal(("warn", "/d/pool has met 2 read_errs of device 1, 3 corruption_errs of device 1: files may be damaged"), (bad.Result, bad.Seen));
        Assert.StartsWith("sleighctl storage scrub", bad.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void The_copying_driver_is_worth_a_word()
    {
        Assert.Equal(Finding.Ok("btrfs (in a pool file)"), StorageChecks.Layers(Pool));
        Assert.Equal(("warn", "copy (no btrfs: none): a snapshot copies what changed"), (StorageChecks.Layers(Copy).Result, StorageChecks.Layers(Copy).Seen));
    }

    [Fact]
    public void Btrfs_is_needed_where_the_layers_lie_on_it()
    {
        Assert.Equal("ok", StorageChecks.Btrfs(Pool, kernel: true, tools: true, loop: true).Result);
        Assert.Equal(Finding.Fail("there is no /dev/loop-control, and the pool needs it", "modprobe loop"), StorageChecks.Btrfs(Pool, kernel: true, tools: true, loop: false));
        Assert.Equal("fail", StorageChecks.Btrfs(Pool, kernel: false, tools: true, loop: true).Result);
        Assert.Equal("warn", StorageChecks.Btrfs(Copy, kernel: false, tools: false, loop: false).Result);
        Assert.Equal(Finding.Warn("mkfs.btrfs is not installed: no pool can be made", "apt install btrfs-progs"), StorageChecks.Btrfs(Copy, kernel: true, tools: false, loop: true));
    }

    [Fact]
    public void Disk_limits_need_full_quotas_of_btrfs_or_project_quotas()
    {
        LayerOutlook direct = Pool with { UsesPool = false };
        Assert.Equal("ok", StorageChecks.DiskLimits(Pool, null, "mount it", false).Result);
        Assert.Equal("ok", StorageChecks.DiskLimits(direct, BtrfsQuotaMode.Full, "mount it", false).Result);
        Assert.Equal("warn", StorageChecks.DiskLimits(direct, BtrfsQuotaMode.Off, "mount it", false).Result);
        Assert.Equal("warn", StorageChecks.DiskLimits(direct, BtrfsQuotaMode.Simple, "mount it", false).Result);
        Assert.Equal("ok", StorageChecks.DiskLimits(Copy, null, null, false).Result);
        Finding off = StorageChecks.DiskLimits(Copy, null, "mount it", false);
        Assert.Equal(("warn", "mount it; not needed without disk limits"), (off.Result, off.Remedy));
        Assert.StartsWith("disk_limit_mb is refused: the project quotas", off.Seen, StringComparison.Ordinal);
        Assert.StartsWith(
            "disk_limit_mb is soft (commands of a sandbox that is seen over it are ended): the project quotas", StorageChecks.DiskLimits(Copy, null, "mount it", true).Seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(50, 50, "ok")]
    [InlineData(5, 50, "ok")]
    [InlineData(4, 50, "warn")]
    [InlineData(50, 4, "warn")]
    [InlineData(0, 50, "fail")]
    public void The_fullest_place_counts(long disk, long pool, string result) =>
        Assert.Equal(result, StorageChecks.Free([("disk", disk, 100), ("pool", pool, 100)], n => $"{n}", "space").Result);

    [Fact]
    public void A_filesystem_without_a_number_of_inodes_has_no_limit() =>
        Assert.Equal(Finding.Ok("disk: 7 of 8 free; pool: no limit"), StorageChecks.Free([("disk", 7, 8), ("pool", 0, 0)], n => $"{n}", "inodes"));

    [Theory]
    [InlineData(70, 60, "x; the pool can outgrow the disk")]
    [InlineData(60, 60, "x")]
    public void A_pool_that_is_promised_more_than_the_disk_has_is_said_to_be(long pool, long disk, string seen) =>
        Assert.Equal(Finding.Ok(seen), StorageChecks.Outgrows([("disk", disk, 100), ("pool", pool, 80)], Finding.Ok("x")));
}
