using System.Text;
using Sleigh.Runtime.Reading;

namespace Sleigh.Runtime.Tests.Reading;

public sealed class ReadPageTests
{
    [Theory]
    [InlineData("abc", 3, 0, "abc")]
    [InlineData("abcd", 3, 0, "abc")]
    [InlineData("aé", 2, 0, "a")]
    [InlineData("aé", 3, 0, "aé")]
    [InlineData("é", 1, 0, "é")]
    [InlineData("😀x", 2, 0, "😀")]
    [InlineData("a\nb\n", 100, 2, "a\nb\n")]
    [InlineData("a\nb", 100, 2, "a\nb")]
    [InlineData("a\nb\nc", 100, 2, "a\nb\n")]
    [InlineData("a\nb\nc", 3, 2, "a\nb")]
    [InlineData("\n\n\n", 100, 1, "\n")]
    [InlineData("abc", 100, 1, "abc")]
    [InlineData("", 1, 1, "")]
    public void A_page_ends_behind_a_character_and_behind_a_line(string text, int bytes, int lines, string kept)
    {
        byte[] data = Encoding.UTF8.GetBytes(text);
        bool isWhole = data.Length <= bytes + ReadPage.Beyond;

        Assert.Equal(kept, Encoding.UTF8.GetString(data, 0, ReadPage.Cut(data.AsSpan(0, Math.Min(data.Length, bytes + ReadPage.Beyond)), isWhole, bytes, lines)));
    }

    [Fact]
    public void Half_a_character_at_the_end_waits_for_its_rest_while_more_may_come()
    {
        byte[] half = [(byte)'a', 0xC3];

        Assert.Equal(1, ReadPage.Cut(half, isWhole: false, 100, 0));
        Assert.Equal(2, ReadPage.Cut(half, isWhole: true, 100, 0));
        Assert.Equal(0, ReadPage.Cut(half.AsSpan(1), isWhole: false, 100, 0));
        Assert.Equal(1, ReadPage.Cut(half.AsSpan(1), isWhole: true, 100, 0));
    }

    [Fact]
    public void Pages_of_any_size_join_to_the_whole()
    {
        byte[] all = [.. Encoding.UTF8.GetBytes("zeile ä\n\nzwei 😀😀\n日本語\n"), 0xFF, 0xC3, (byte)'x', 0xE2, 0x82, (byte)'\n', 0xF0];
        for (int bytes = 1; bytes < 20; bytes++)
        {
            for (int lines = 0; lines < 4; lines++)
            {
                List<byte> joined = [];
                while (joined.Count < all.Length)
                {
                    ReadOnlySpan<byte> rest = all.AsSpan(joined.Count);
                    bool isWhole = rest.Length <= bytes + ReadPage.Beyond;
                    rest = rest[..Math.Min(rest.Length, bytes + ReadPage.Beyond)];
                    int kept = ReadPage.Cut(rest, isWhole, bytes, lines);
                    Assert.True(kept > 0, $"stuck at {joined.Count} with {bytes} bytes, {lines} lines");
                    joined.AddRange(rest[..kept]);
                }

                Assert.Equal(all, joined);
            }
        }
    }
}
