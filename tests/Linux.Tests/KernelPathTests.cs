namespace Sleigh.Linux.Tests;

public sealed class KernelPathTests
{
    [Fact]
    public void Bytes_that_are_no_text_are_kept()
    {
        KernelPath path = KernelPath.FromBytes([0x61, 0xff, 0xfe]);

        Assert.Equal([0x61, 0xff, 0xfe], path.Bytes.ToArray());
        Assert.NotEqual(path, KernelPath.FromString(path.ToString()));
    }

    [Fact]
    public void Joining_to_nothing_gives_the_name()
    {
        Assert.Equal((KernelPath)"a", default(KernelPath).Join("a"));
        Assert.Equal((KernelPath)"a/b", ((KernelPath)"a").Join("b"));
        Assert.True(default(KernelPath).IsEmpty);
        Assert.Equal(default, (KernelPath)"");
    }

    [Fact]
    public void A_nul_is_refused() => Assert.Throws<ArgumentException>(() => (KernelPath)"a\0b");
}
