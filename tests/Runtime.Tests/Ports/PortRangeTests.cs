using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Tests.Ports;

public sealed class PortRangeTests
{
    [Theory]
    [InlineData("30000-30099", 30000, 100)]
    [InlineData("1-65535", 1, 65535)]
    [InlineData("80-80", 80, 1)]
    public void Two_numbers_are_a_range(string text, int first, int count)
    {
        Assert.True(PortRange.TryParse(text, out PortRange? range));
        Assert.Equal((first, count, text), (range.First, range.Count, range.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("80")]
    [InlineData("0-80")]
    [InlineData("80-79")]
    [InlineData("80-65536")]
    [InlineData("80-90-100")]
    [InlineData("80 - 90")]
    [InlineData("-80-90")]
    [InlineData("a-b")]
    public void Anything_else_is_none(string? text) => Assert.False(PortRange.TryParse(text, out _));

    [Fact]
    public void A_wait_looks_often_at_first_and_seldom_later()
    {
        PortWaitPace pace = new();
        double[] pauses = [.. Enumerable.Range(0, 40).Select(_ => pace.Next().TotalMilliseconds)];

        Assert.Equal(2, pauses[0]);
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(250, pauses[^1]);
    }
}
