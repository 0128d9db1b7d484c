using System.Diagnostics;
using System.Text;
using Sleigh.Runtime.CodeWriting;
using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.CodeWriting;

public sealed class ContextEditTests
{
    [Fact]
    public void The_only_match_is_replaced()
    {
        ContextEditOutcome.Applied done = Applied("a = 1\nb = 2\n", Edit("b = 2", "b = 3"));

        Assert.Equal(("a = 1\nb = 3\n", 1, 1), (Text(done.File), done.Occurrence, done.Matches));
    }

    [Fact]
    [ContractLine("K1", Part = "delete text")]
    public void An_empty_new_text_deletes() => Assert.Equal("a\nc\n", Text(Applied("a\nb\nc\n", Edit("b\n", "")).File));

    [Fact]
    public void White_space_alone_is_a_text() => Assert.Equal("a\tb\n", Text(Applied("a  b\n", Edit("  ", "\t")).File));

    [Fact]
    public void Context_is_matched_and_kept()
    {
        ContextEdit edit = Edit("x = 1", "x = 2") with { Before = Bytes("def b():\n  "), After = Bytes("\n") };

        ContextEditOutcome.Applied done = Applied("def a():\n  x = 1\ndef b():\n  x = 1\n", edit);

        Assert.Equal(("def a():\n  x = 1\ndef b():\n  x = 2\n", 1, 1), (Text(done.File), done.Occurrence, done.Matches));
    }

    [Fact]
    public void Context_must_touch_the_text() =>
        Assert.IsType<ContextEditOutcome.NoMatch>((Edit("x", "y") with { Before = Bytes("a") }).Apply(Bytes("a x")));

    [Fact]
    [ContractLine("K1", Part = "ambiguous with lines")]
    public void Several_matches_without_an_occurrence_are_ambiguous_with_the_lines_of_the_old_text()
    {
        ContextEdit edit = Edit("x\n", "y\n") with { Before = Bytes("\n") };

        ContextEditOutcome.Unclear unclear = Assert.IsType<ContextEditOutcome.Unclear>(edit.Apply(Bytes("0\nx\n\nx\nx\n")));

        Assert.Equal((null, 3L), (unclear.Occurrence, unclear.Matches));
        Assert.Equal([2, 4, 5], unclear.Lines);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-7)]
    public void Zero_and_below_is_no_occurrence(long occurrence) =>
        Assert.IsType<ContextEditOutcome.Unclear>((Edit("x", "y") with { Occurrence = occurrence }).Apply(Bytes("x x")));

    [Theory]
    [InlineData(1, "Y x x")]
    [InlineData(2, "x Y x")]
    [InlineData(3, "x x Y")]
    [ContractLine("K1", Part = "first of several")]
    public void An_occurrence_picks_from_several_the_first_too(long occurrence, string expected) =>
        Assert.Equal(expected, Text(Applied("x x x", Edit("x", "Y") with { Occurrence = occurrence }).File));

    [Fact]
    public void Overlapping_matches_count_each()
    {
        ContextEditOutcome.Applied done = Applied("aaaa", Edit("aa", "b") with { Occurrence = 2 });

        Assert.Equal(("aba", 2, 3), (Text(done.File), done.Occurrence, done.Matches));
        Assert.Equal(3, Assert.IsType<ContextEditOutcome.Unclear>(Edit("aa", "b").Apply(Bytes("aaaa"))).Matches);
    }

    [Fact]
    public void An_occurrence_beyond_the_last_says_both_numbers()
    {
        ContextEditOutcome.Unclear unclear = Assert.IsType<ContextEditOutcome.Unclear>((Edit("x", "y") with { Occurrence = 5 }).Apply(Bytes("x\nx")));

        Assert.Equal((5L, 2L), (unclear.Occurrence, unclear.Matches));
        Assert.Equal([1, 2], unclear.Lines);
    }

    [Fact]
    public void At_most_twenty_lines_are_told_and_all_matches_counted()
    {
        ContextEditOutcome.Unclear unclear = Assert.IsType<ContextEditOutcome.Unclear>(Edit("x", "y").Apply(Bytes(string.Concat(Enumerable.Repeat("x\n", 50)))));

        Assert.Equal(50, unclear.Matches);
        Assert.Equal(Enumerable.Range(1, 20), unclear.Lines);
    }

    [Theory]
    [InlineData("")]
    [InlineData("y")]
    [InlineData("xx")]
    [InlineData("xxz")]
    public void What_is_not_there_is_no_match(string file) => Assert.IsType<ContextEditOutcome.NoMatch>(Edit("xxy", "z").Apply(Bytes(file)));

    [Fact]
    public void An_occurrence_of_what_is_not_there_is_no_match_either() =>
        Assert.IsType<ContextEditOutcome.NoMatch>((Edit("x", "z") with { Occurrence = 2 }).Apply(Bytes("y")));

    [Fact]
    public void Bytes_that_are_no_UTF8_stay_as_they_are()
    {
        byte[] file = [0xFF, 0xFE, 0, .. "é = 1\n"u8, 0xC3, .. "\r\n"u8, 0xED, 0xA0, 0x80];

        byte[] done = Applied(file, Edit("é = 1", "ü = 2"));

        Assert.Equal((byte[])[0xFF, 0xFE, 0, .. "ü = 2\n"u8, 0xC3, .. "\r\n"u8, 0xED, 0xA0, 0x80], done);
    }

    [Fact]
    public void The_whole_file_can_be_the_text() => Assert.Equal("b", Text(Applied("a\n", Edit("a\n", "b")).File));

    [Fact]
    public void A_file_of_one_letter_and_a_long_text_of_it_take_no_time_to_speak_of()
    {
        byte[] file = new byte[16 << 20];
        ContextEdit edit = new(new byte[8 << 20], default);
        long begin = Stopwatch.GetTimestamp();

        ContextEditOutcome.Unclear unclear = Assert.IsType<ContextEditOutcome.Unclear>(edit.Apply(file));

        Assert.Equal((8 << 20) + 1, unclear.Matches);
        Assert.True(Stopwatch.GetElapsedTime(begin) < TimeSpan.FromSeconds(10), $"{Stopwatch.GetElapsedTime(begin)}");
    }

    private static ContextEdit Edit(string old, string replacement) => new(Bytes(old), Bytes(replacement));

    private static ContextEditOutcome.Applied Applied(string file, ContextEdit edit) => Assert.IsType<ContextEditOutcome.Applied>(edit.Apply(Bytes(file)));

    private static byte[] Applied(byte[] file, ContextEdit edit) => Assert.IsType<ContextEditOutcome.Applied>(edit.Apply(file)).File;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}
