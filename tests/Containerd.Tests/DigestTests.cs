namespace Sleigh.Containerd.Tests;

public sealed class DigestTests
{
    private static readonly string A = "sha256:" + new string('a', 64);

    [Fact]
    public void The_chain_id_of_one_layer_is_its_diff_id() => Assert.Equal([A], Digests.ChainIds([A]));

    [Fact]
    public void Each_further_layer_hashes_the_chain_below_and_itself()
    {
        string expected = Digests.Of(System.Text.Encoding.ASCII.GetBytes(A + " " + A));

        Assert.Equal([A, expected], Digests.ChainIds([A, A]));
        Assert.Empty(Digests.ChainIds([]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha512:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public void Anything_but_a_whole_sha256_is_no_digest(string? text) => Assert.False(Digests.IsValid(text));

    [Fact]
    public void A_whole_sha256_is_a_digest() => Assert.True(Digests.IsValid(Digests.Of("x"u8)));

    [Fact]
    public void A_view_is_named_by_its_chain()
    {
        Assert.Equal("sleigh-view-" + new string('a', 64), ImageViews.KeyOf(A));
        Assert.Equal(A, ImageViews.ChainIdOf(ImageViews.KeyOf(A)));
        Assert.Null(ImageViews.ChainIdOf("sleigh-view-1"));
        Assert.Null(ImageViews.ChainIdOf("other"));
    }
}
