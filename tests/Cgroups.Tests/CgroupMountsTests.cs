namespace Sleigh.Cgroups.Tests;

public sealed class CgroupMountsTests
{
    private const string Hybrid =
        """
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:10 master:2 - cgroup cgroup rw,memory
        40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd,release_agent=/x
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw,nsdelegate

        """;

    private const string Unified =
        """
        22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
        30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot

        """;

    [Fact]
    public void Version_2_beside_version_1_is_hybrid()
    {
        CgroupMounts mounts = CgroupMounts.Parse(Hybrid);

        Assert.Equal(CgroupMode.Hybrid, mounts.Mode);
        Assert.Equal("/sys/fs/cgroup/unified", mounts.Root);
        Assert.Equal(["cpu", "cpuacct", "memory", "name=systemd"], mounts.Version1.Keys.Order());
        Assert.Equal("/sys/fs/cgroup/memory", mounts.Version1["memory"]);
    }

    [Fact]
    public void Version_2_alone_is_unified()
    {
        CgroupMounts mounts = CgroupMounts.Parse(Unified);

        Assert.Equal(CgroupMode.Unified, mounts.Mode);
        Assert.Equal("/sys/fs/cgroup", mounts.Root);
        Assert.Empty(mounts.Version1);
    }

    [Fact]
    public void Version_1_alone_is_none()
    {
        CgroupMounts mounts = CgroupMounts.Parse("35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");

        Assert.Equal(CgroupMode.None, mounts.Mode);
        Assert.Null(mounts.Root);
        Assert.Throws<InvalidOperationException>(() => new CgroupHierarchy(mounts).Root);
        Assert.Equal(Controllers.None, new CgroupHierarchy(mounts).ControllersAt("sleigh"));
    }

    [Fact]
    public void An_empty_text_has_no_cgroups() => Assert.Equal(CgroupMode.None, CgroupMounts.Parse("").Mode);

    [Theory]
    [InlineData("30")]
    [InlineData("30 24 0:26 / /sys/fs/cgroup rw")]
    [InlineData("30 24 0:26 / /sys/fs/cgroup rw - cgroup2")]
    public void A_line_cut_off_is_quoted(string text) =>
        Assert.Contains($"'{text}'", Assert.Throws<FormatException>(() => CgroupMounts.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_space_in_the_mount_point_is_unescaped() =>
        Assert.Equal("/cg roup", CgroupMounts.Parse("30 24 0:26 / /cg\\040roup rw - cgroup2 cgroup2 rw").Root);
}
