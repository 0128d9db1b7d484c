namespace Sleigh.Overlay.Tests;

public sealed class LayerIdTests
{
    [Theory]
    [InlineData("lyr-0123456789ab", true)]
    [InlineData("lyr-01234567", true)]
    [InlineData("snap-0123456789ab", false)]
    public void Live_and_sealed_are_told_by_the_prefix(string text, bool live)
    {
        LayerId id = LayerId.Parse(text);

        Assert.Equal((live, !live, text), (id.IsLive, id.IsSealed, id.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("lyr")]
    [InlineData("lyr-")]
    [InlineData("lyr-0123")]
    [InlineData("lyr-0123456789aB")]
    [InlineData("lyr-0123456789a/")]
    [InlineData("lyr-../../../../etc")]
    [InlineData("snap_0123456789ab")]
    [InlineData(".new-lyr-0123456789ab")]
    [InlineData("lyr-0123456789ab ")]
    [InlineData("lyr-012345678901234567890123456789012")]
    public void Nothing_else_is_an_id(string? text) => Assert.False(LayerId.TryParse(text, out _));

    [Fact]
    public void New_ids_differ_and_the_default_is_none()
    {
        Assert.NotEqual(LayerId.NewLive(), LayerId.NewLive());
        Assert.True(LayerId.NewSealed().IsSealed);
        Assert.False(default(LayerId).IsLive || default(LayerId).IsSealed);
        Assert.Equal(LayerId.Parse("snap-aabbccddeeff"), LayerId.Sealed("aabbccddeeff"));
        Assert.Contains("'x'", Assert.Throws<FormatException>(() => LayerId.Parse("x")).Message, StringComparison.Ordinal);
    }
}
