namespace Sleigh.Containerd.Tests;

public sealed class ImageViewsTests
{
    [Fact]
    public void One_layer_is_a_bind_mount() =>
        Assert.Equal(["/r/snapshots/1/fs"], ImageViews.LowersOf([new ContainerdMount("bind", "/r/snapshots/1/fs", ["ro", "rbind"])]));

    [Fact]
    public void Several_layers_are_an_overlay_with_the_uppermost_first() => Assert.Equal(
        ["/r/3/fs", "/r/1/fs"],
        ImageViews.LowersOf([new ContainerdMount("overlay", "overlay", ["index=off", "lowerdir=/r/3/fs:/r/1/fs"])]));

    [Fact]
    public void Other_mounts_are_refused()
    {
        var error = Assert.Throws<ImageException>(() => ImageViews.LowersOf([new ContainerdMount("btrfs", "/dev/x", [])]));

        Assert.Equal("containerd's snapshotter gives mounts of the kind 'btrfs'; Sleigh needs overlayfs", error.Message);
    }
}
