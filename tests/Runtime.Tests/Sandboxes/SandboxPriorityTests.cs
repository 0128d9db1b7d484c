namespace Sleigh.Runtime.Tests.Sandboxes;

public sealed class SandboxPriorityTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1000", 1000)]
    [InlineData("-1000", -1000)]
    [InlineData("+7", 7)]
    public void A_priority_is_an_integer_in_range(string text, int priority)
    {
        Assert.True(SandboxPriority.TryParse(text, out int parsed));
        Assert.Equal(priority, parsed);
        Assert.Equal(priority, SandboxPriority.Of(With(text)));
    }

    [Theory]
    [InlineData("1001")]
    [InlineData("-1001")]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("1.0")]
    [InlineData("0x1")]
    [InlineData("99999999999999999999")]
    [InlineData("high")]
    public void Anything_else_is_none_and_counts_as_zero(string text)
    {
        Assert.False(SandboxPriority.TryParse(text, out _));
        Assert.Equal(0, SandboxPriority.Of(With(text)));
    }

    [Fact]
    public void Without_the_label_it_is_zero() => Assert.Equal(0, SandboxPriority.Of(With(null)));

    private static Dictionary<string, string> With(string? priority) => priority is null ? [] : new() { [SandboxPriority.Label] = priority };
}
