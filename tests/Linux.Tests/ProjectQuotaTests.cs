using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Tests;

public sealed class ProjectQuotaTests
{
    [Theory]
    [InlineData(0, null, 0, null)]
    [InlineData(163840, 80L << 20, 20480, 20480L)]
    public void Figures_come_in_blocks_of_512_bytes_and_a_limit_of_0_is_none(long blocks, long? limit, long inodes, long? files)
    {
        byte[] quota = new byte[112];
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(8), blocks);
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(24), inodes);
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(40), 6);
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(48), 2);

        Assert.Equal(new ProjectUse(3072, 2, limit, files), ProjectQuota.Parse(quota));
    }

    [Theory]
    [InlineData(80L << 20, 20480L, "01020f000a004c53" + "0080020000000000" + "0000000000000000" + "0050000000000000" + "0000000000000000")]
    [InlineData(null, null, "01020f000a004c53" + "0000000000000000" + "0000000000000000" + "0000000000000000" + "0000000000000000")]
    public void Both_limits_are_set_and_lifted_in_one_call_and_the_soft_ones_of_the_kernel_with_them(long? bytes, long? files, string begin)
    {
        byte[] quota = new byte[112];
        quota.AsSpan().Fill(0xff);

        ProjectQuota.Write(quota, 0x534C000A, bytes, files);

        Assert.Equal(begin + new string('0', 2 * (112 - 40)), Convert.ToHexStringLower(quota));
    }

    [Fact]
    public void Where_there_are_no_projects_nothing_is_counted_and_nobody_is_in_one()
    {
        using SafeFileHandle proc = Files.Open("/proc", OpenFlags.ReadOnly | OpenFlags.Directory);

        Assert.Equal(ProjectQuotaMode.Off, ProjectQuota.Mode(proc));
        Assert.Null(ProjectQuota.Use(proc, 7));
        Assert.Null(ProjectQuota.Next(proc, 7));
        Assert.Equal(0u, FileProject.Of(proc));
        Assert.False(FileProject.TrySet(proc, 7));
    }
}
