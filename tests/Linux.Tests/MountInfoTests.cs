namespace Sleigh.Linux.Tests;

public sealed class MountInfoTests
{
    private const string Line = "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue";

    [Fact]
    public void Every_field_is_read()
    {
        MountEntry mount = Assert.Single(MountInfo.Parse(Line + "\n"));

        Assert.Equal(
            new MountEntry(
                36, 35, "98:0", "/mnt1", "/mnt2", "rw,noatime", null, 1, "ext3", "/dev/root", "rw,errors=continue"),
            mount);
    }

    [Fact]
    public void Optional_fields_may_be_none_or_many()
    {
        Assert.Null(MountInfo.Parse("36 35 98:0 / / rw - ext3 x rw")[0].SharedGroup);
        MountEntry both = MountInfo.Parse("36 35 98:0 / / rw shared:7 master:8 propagate_from:2 later:x - ext3 x rw")[0];
        Assert.Equal((7, 8), (both.SharedGroup, both.MasterGroup));
    }

    [Fact]
    public void Octal_escapes_are_undone()
    {
        Assert.Equal("/a b\tc\nd\\e", MountInfo.Parse(@"1 2 0:1 / /a\040b\011c\012d\134e rw - t s rw")[0].MountPoint);
        Assert.Equal(@"/a\04", MountInfo.Parse(@"1 2 0:1 / /a\04 rw - t s rw")[0].MountPoint);
    }

    [Fact]
    public void A_mount_point_that_is_a_dash_is_no_separator() =>
        Assert.Equal("-", MountInfo.Parse("1 2 0:1 / - rw - t s rw")[0].MountPoint);

    [Fact]
    public void Cut_off_lines_are_quoted_in_the_error()
    {
        for (int length = 1; length < Line.IndexOf(" rw,errors", StringComparison.Ordinal); length++)
        {
            string cut = Line[..length];
            Assert.Contains($"'{cut}'", Assert.Throws<FormatException>(() => MountInfo.Parse(cut)).Message, StringComparison.Ordinal);
        }

        Assert.Contains(
            "shared:x", Assert.Throws<FormatException>(() => MountInfo.Parse("1 2 0:1 / / rw shared:x - t s rw")).Message, StringComparison.Ordinal);
        Assert.Empty(MountInfo.Parse(""));
    }

    [Fact]
    public void Our_own_mounts_hold_the_root_with_the_number_that_statx_says()
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle root = Files.Open("/", OpenFlags.PathOnly);

        Assert.Contains(MountInfo.Read(), mount => mount.Id == Files.Stat(root).MountId && mount.MountPoint == "/");
    }
}
