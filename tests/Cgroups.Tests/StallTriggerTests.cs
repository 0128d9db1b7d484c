using Sleigh.Linux;

namespace Sleigh.Cgroups.Tests;

public sealed class StallTriggerTests
{
    private static readonly TimeSpan Threshold = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    [Fact]
    public void What_the_kernel_takes_is_as_asked() =>
        Assert.Equal(new StallTrigger(Threshold, Window, null), StallTrigger.Choose(Threshold, Window, (_, _) => Errno.None));

    [Theory]
    [InlineData(25, 500, 100, 2000)]
    [InlineData(100, 2500, 160, 4000)]
    [InlineData(900, 9000, 1000, 10000)]
    public void Without_the_capability_the_same_share_of_a_multiple_of_two_seconds_is_watched(int threshold, int window, int scaled, int allowed)
    {
        StallTrigger? trigger = StallTrigger.Choose(
            TimeSpan.FromMilliseconds(threshold), TimeSpan.FromMilliseconds(window),
            (_, within) => within.Ticks % TimeSpan.FromSeconds(2).Ticks == 0 ? Errno.None : Errno.EINVAL);

        Assert.Equal(
            new StallTrigger(
                TimeSpan.FromMilliseconds(scaled), TimeSpan.FromMilliseconds(allowed),
                $"stalls are watched over {allowed} ms and not over {window} ms, because without CAP_SYS_RESOURCE the kernel takes multiples of 2 s only"),
            trigger);
    }

    [Theory]
    [InlineData(Errno.ENOENT)]
    [InlineData(Errno.EOPNOTSUPP)]
    [InlineData(Errno.EPERM)]
    public void Where_the_kernel_takes_no_trigger_there_is_none(Errno errno) =>
        Assert.Null(StallTrigger.Choose(Threshold, Window, (_, _) => errno));

    [Theory]
    [InlineData(25, 499)]
    [InlineData(25, 10001)]
    [InlineData(0, 500)]
    [InlineData(501, 500)]
    public void What_no_kernel_takes_is_not_asked_for(int threshold, int window) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => StallTrigger.Choose(
            TimeSpan.FromMilliseconds(threshold), TimeSpan.FromMilliseconds(window), (_, _) => throw new InvalidOperationException("asked")));
}
