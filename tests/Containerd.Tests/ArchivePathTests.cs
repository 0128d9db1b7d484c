namespace Sleigh.Containerd.Tests;

public sealed class ArchivePathTests
{
    [Theory]
    [InlineData("./a/b", "a/b")]
    [InlineData("a//b/", "a/b")]
    [InlineData("a/./b", "a/b")]
    [InlineData("..a/b..", "..a/b..")]
    [InlineData("./", "")]
    public void Names_are_made_plain(string name, string expected) => Assert.Equal(expected, ArchivePath.Normalise(name));

    [Theory]
    [InlineData("/a")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a\0b")]
    public void Names_that_lead_out_are_refused(string name)
    {
        var error = Assert.Throws<ImageException>(() => ArchivePath.Normalise(name));

        Assert.Equal((ImageErrorKind.UnsafeArchive, $"the archive holds the name '{name}', which leads out of it"), (error.Kind, error.Message));
    }

    [Theory]
    [InlineData("a/l", "../b/x", "b/x")]
    [InlineData("a/l", "x", "a/x")]
    [InlineData("l", "./x/.", "x")]
    public void Links_are_followed_by_name_alone(string name, string target, string expected) =>
        Assert.Equal(expected, ArchivePath.FollowLink(name, target, hard: false));

    [Fact]
    public void A_hard_link_is_followed_from_the_top() => Assert.Equal("b/x", ArchivePath.FollowLink("a/l", "b/x", hard: true));

    [Theory]
    [InlineData("l", "..")]
    [InlineData("a/l", "../../x")]
    [InlineData("a/l", "/x")]
    public void Links_that_lead_out_are_refused(string name, string target) =>
        Assert.Throws<ImageException>(() => ArchivePath.FollowLink(name, target, hard: false));
}
