namespace Sleigh.Linux.Tests;

public sealed class FileTimeTests
{
    [Fact]
    public void Times_before_1970_have_positive_nanoseconds()
    {
        Assert.Equal(new FileTime(-1, 999_999_900), FileTime.From(DateTimeOffset.UnixEpoch.AddTicks(-1)));
        Assert.Equal(new FileTime(1, 100), FileTime.From(DateTimeOffset.UnixEpoch.AddSeconds(1).AddTicks(1)));
    }

    [Fact]
    public void Seconds_count_before_nanoseconds()
    {
        Assert.True(new FileTime(1, 999) < new FileTime(2, 0));
        Assert.True(new FileTime(2, 1) > new FileTime(2, 0));
        Assert.True(new FileTime(2, 1) >= new FileTime(2, 1) && new FileTime(2, 1) <= new FileTime(2, 1));
    }
}
