using Sleigh.Cli.Output;

namespace Sleigh.Cli.Tests;

public sealed class HumanTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1 KB")]
    [InlineData(1536, "1.5 KB")]
    [InlineData(190L << 20, "190 MB")]
    [InlineData(64L << 30, "64 GB")]
    [InlineData(long.MaxValue, "8192 PB")]
    [InlineData(-2048, "-2 KB")]
    public void Bytes_have_one_digit_behind_the_point_below_a_hundred(long bytes, string text) => Assert.Equal(text, Human.Bytes(bytes));

    [Theory]
    [InlineData(-5, "0s")]
    [InlineData(0.9, "0s")]
    [InlineData(59.9, "59s")]
    [InlineData(60, "1m")]
    [InlineData(7199, "1h")]
    [InlineData(86400 * 20, "20d")]
    public void An_age_is_its_largest_whole_unit(double seconds, string text) => Assert.Equal(text, Human.Age(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Text_from_elsewhere_cannot_steer_the_terminal() => Assert.Equal("a [31mb c", Human.OneLine("a\u001b[31mb\nc"));

    [Fact]
    public void Columns_are_as_wide_as_their_widest_cell_and_figures_end_at_the_right()
    {
        var table = new Table("NAME", ">SIZE", "NOTE");
        table.Row("a", "5", "x");
        table.Row("longer", "1234", null);

        Assert.Equal("NAME    SIZE  NOTE\na          5  x\nlonger  1234  -\n", table.ToString());
    }

    [Fact]
    public void An_empty_table_is_its_headings() => Assert.Equal("ID  NAME\n", new Table("ID", "NAME").ToString());

    [Fact]
    public void A_row_of_another_length_is_refused() => Assert.Throws<ArgumentException>(() => new Table("ID").Row("a", "b"));
}
