using Sleigh.Overlay;

namespace Sleigh.Runtime.Tests.Storage;

public sealed class StorageTests
{
    private const long GiB = 1L << 30;
    private static readonly PoolStatus Pool = new("/d/pool.btrfs", 8 * GiB, 3 * GiB, 20 * GiB);

    [Fact]
    public void A_pool_grows_and_never_shrinks()
    {
        Sleigh.Runtime.Storage.CheckGrowth(Pool, 8 * GiB);
        Sleigh.Runtime.Storage.CheckGrowth(Pool, 9 * GiB);

        RuntimeException smaller = Assert.Throws<RuntimeException>(() => Sleigh.Runtime.Storage.CheckGrowth(Pool, 7 * GiB));
        RuntimeException none = Assert.Throws<RuntimeException>(() => Sleigh.Runtime.Storage.CheckGrowth(null, 9 * GiB));

        Assert.Equal(
            (ErrorKind.InvalidArgument, "bad request: bytes is 7516192768, and the pool has 8589934592 already; it cannot shrink"),
            (smaller.Kind, smaller.Message));
        Assert.Equal(ErrorKind.UnsupportedOnHost, none.Kind);
        Assert.StartsWith("the layers are in no pool file", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_promises_more_than_the_disk_has_is_told()
    {
        Assert.Null(Sleigh.Runtime.Storage.Warning(null));
        Assert.Null(Sleigh.Runtime.Storage.Warning(Pool with { SizeBytes = 23 * GiB }));
        Assert.Equal(
            "the pool may take 21504 MB more, and the disk below has 20480 MB free: writes fail when that is gone",
            Sleigh.Runtime.Storage.Warning(Pool with { SizeBytes = 24 * GiB }));
    }
}
