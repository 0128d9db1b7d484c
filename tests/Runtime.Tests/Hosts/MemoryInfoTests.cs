namespace Sleigh.Runtime.Tests.Hosts;

public sealed class MemoryInfoTests
{
    [Fact]
    public void Total_and_available_are_read_in_bytes()
    {
        MemoryInfo memory = MemoryInfo.Parse("MemTotal:       16384 kB\nMemFree:   1 kB\nMemAvailable:   4096 kB\nSwapFree:   2048 kB\nHugePages_Total: 0\n");

        Assert.Equal(new MemoryInfo(16384 * 1024, 4096 * 1024, 2048 * 1024), memory);
        Assert.Equal(0.25, memory.AvailableRatio);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MemTotal:   16384 kB\nMemAvail")]
    [InlineData("MemTotal: kB\nMemAvailable: 1 kB\n")]
    public void Cut_off_text_is_refused(string text)
    {
        Assert.Throws<FormatException>(() => MemoryInfo.Parse(text));
    }
}
