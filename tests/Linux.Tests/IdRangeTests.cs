namespace Sleigh.Linux.Tests;

public sealed class IdRangeTests
{
    [Fact]
    public void The_kernels_columns_are_read_and_written_back_as_it_takes_them()
    {
        IdRange range = Assert.Single(IdRange.Parse("         0 2147483648 2147483645\n"));

        Assert.Equal(new IdRange(0, 2_147_483_648, 2_147_483_645), range);
        Assert.Equal("0 2147483648 2147483645", range.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("0 1")]
    [InlineData("0 1 2 3")]
    [InlineData("0 -1 5")]
    [InlineData("0 4294967296 1")]
    public void What_is_no_line_of_a_mapping_is_left_out(string text) =>
        Assert.Equal([new IdRange(5, 6, 7)], IdRange.Parse($"{text}\n5 6 7\n"));
}
