using System.Runtime.InteropServices;
using Sleigh.Overlay;
using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class KernelChecksTests
{
    private const string Debian12 = "nodev\tsysfs\nnodev\ttmpfs\n\text4\nnodev\toverlay\n\tbtrfs";
    private const string WithoutOverlay = "nodev\tsysfs\nnodev\ttmpfs\n\text4\n\toverlayfoo";
    private const string ModulesDep = "kernel/fs/btrfs/btrfs.ko.xz: kernel/crypto/xor.ko.xz\nkernel/fs/overlayfs/overlay.ko.xz:";

    [Theory]
    [InlineData("6.1.0-18-amd64")]
    [InlineData("6.12.48+deb13-amd64")]
    [InlineData("10.0.1")]
    public void Linux_6_1_and_later_will_do(string release) => Assert.Equal(Finding.Ok(release), KernelChecks.Release(release, Architecture.X64));

    [Theory]
    [InlineData("5.10.0-28-amd64")]
    [InlineData("")]
    [InlineData("six.one")]
    public void Others_are_refused_with_the_package_of_the_machine(string release)
    {
        Finding finding = KernelChecks.Release(release, Architecture.Arm64);

        Assert.Equal(Finding.Fail($"'{release}'; Sleigh needs Linux 6.1 or later", "apt install linux-image-arm64, then reboot"), finding);
        Assert.Contains("linux-image-amd64", KernelChecks.Release(release, Architecture.X64).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_calls_are_named()
    {
        Assert.Equal(
            "the kernel lacks, or a filter hides, clone3, mount_setattr, cgroup.kill", KernelChecks.Features(["clone3", "mount_setattr"], cgroupKill: false).Seen);
        Assert.Equal("fail", KernelChecks.Features(["clone3"], null).Result);
        Assert.Equal(("ok", "ok"), (KernelChecks.Features([], true).Result, KernelChecks.Features([], null).Result));
    }

    [Fact]
    public void Overlay_is_there_or_a_module_or_missing()
    {
        Assert.Equal(Finding.Ok("there, layers given one by one (lowerdir+)"), KernelChecks.Overlay(Debian12, "", () => OverlayMethod.Configured));
        Assert.Contains("about 200", KernelChecks.Overlay(Debian12, "", () => OverlayMethod.OptionText).Seen, StringComparison.Ordinal);
        Assert.Equal(Finding.Ok("there"), KernelChecks.Overlay(Debian12, "", () => null));
        Assert.Equal(Finding.Ok("a module that is loaded when it is needed"), KernelChecks.Overlay(WithoutOverlay, ModulesDep, () => throw new InvalidOperationException()));
        Assert.Equal("fail", KernelChecks.Overlay(WithoutOverlay, "kernel/fs/overlayfs/overlaybd.ko:", () => null).Result);
    }

    [Fact]
    public void A_module_is_found_compressed_or_built_in()
    {
        Assert.True(HostText.ListsModule(ModulesDep, "btrfs"));
        Assert.True(HostText.ListsModule("kernel/fs/btrfs/btrfs.ko\n", "btrfs"));
        Assert.False(HostText.ListsModule(ModulesDep, "xor"));
        Assert.False(HostText.ListsModule(null, "btrfs"));
    }
}
