using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux.Tests;

public sealed class ProjectQuotaTests
{
    [Theory]
    [InlineData(0, null)]
    [InlineData(163840, 80L << 20)]
    public void Figures_come_in_blocks_of_512_bytes_and_a_limit_of_0_is_none(long blocks, long? limit)
    {
        byte[] quota = new byte[112];
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(8), blocks);
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(40), 6);
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(48), 2);

        Assert.Equal(new ProjectUse(3072, 2, limit), ProjectQuota.Parse(quota));
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
