using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Zones;

public sealed class NoteTextTests
{
    [Fact]
    [ContractLine("M4", Part = "1200")]
    public void A_note_of_1200_code_points_is_whole_and_one_more_is_cut()
    {
        string full = string.Concat(Enumerable.Repeat("\U0001F6F7", 1200));

        Assert.Equal((full, false), NoteText.Of($"\n {full}\t\n"));
        Assert.Equal((full + "...", true), NoteText.Of(full + "x"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t")]
    [InlineData("\uFEFF\n")]
    public void A_blank_note_is_none(string text) => Assert.Equal((null, false), NoteText.Of(text));
}
