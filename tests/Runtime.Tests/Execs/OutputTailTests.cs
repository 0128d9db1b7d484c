using System.Text;

namespace Sleigh.Runtime.Tests.Execs;

public sealed class OutputTailTests
{
    private static string Render(string text) => OutputTail.Render("stdout", Encoding.UTF8.GetBytes(text));

    [Theory]
    [InlineData(0)]
    [InlineData(2999)]
    [InlineData(3000)]
    public void Up_to_3000_code_points_are_shown_whole(int count)
    {
        string text = new('a', count);

        Assert.Equal(text, Render(text));
    }

    [Fact]
    public void One_more_is_cut_and_counted()
    {
        string text = "X" + new string('a', 3000);

        Assert.Equal("...(truncated stdout: omitted 1 runes, showing last 3000)\n" + new string('a', 3000), Render(text));
    }

    [Fact]
    public void Code_points_outside_the_basic_plane_count_once()
    {
        string grin = "\U0001F600";
        string text = string.Concat(Enumerable.Repeat(grin, 3001));

        string shown = Render(text);

        Assert.StartsWith("...(truncated stdout: omitted 1 runes, showing last 3000)\n", shown, StringComparison.Ordinal);
        Assert.Equal(string.Concat(Enumerable.Repeat(grin, 3000)), shown[(shown.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
    }

    [Fact]
    public void Each_invalid_sequence_is_one_code_point_and_shown_as_the_replacement_character()
    {
        byte[] bytes = [.. Enumerable.Repeat((byte)0xFF, 3001)];

        string shown = OutputTail.Render("stderr", bytes);

        Assert.Equal("...(truncated stderr: omitted 1 runes, showing last 3000)\n" + new string('\uFFFD', 3000), shown);
    }

    [Fact]
    public void A_window_of_a_long_stream_gives_the_same_tail_as_the_whole()
    {
        StringBuilder text = new();
        for (int i = 0; i < 40_000; i++)
        {
            text.Append(i % 7 == 0 ? "\U0001F600" : i % 3 == 0 ? "ä" : "x");
        }

        byte[] all = Encoding.UTF8.GetBytes(text.ToString());
        string whole = OutputTail.Render("stdout", all);

        for (int shift = 0; shift < 4; shift++)
        {
            ReadOnlySpan<byte> window = all.AsSpan(all.Length - OutputTail.WindowBytes - shift);
            Assert.Equal(whole, OutputTail.Render("stdout", window, OutputTail.CountRunes(all)));
        }
    }

    [Fact]
    public void A_piece_ends_before_a_character_that_is_not_complete()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("ab\U0001F600");

        Assert.Equal(6, OutputTail.WholeCharacters(bytes));
        Assert.Equal(2, OutputTail.WholeCharacters(bytes.AsSpan(0, 5)));
        Assert.Equal(2, OutputTail.WholeCharacters(bytes.AsSpan(0, 3)));
        Assert.Equal(1, OutputTail.WholeCharacters([0xFF]));
        Assert.Equal(0, OutputTail.WholeCharacters([]));
    }
}
