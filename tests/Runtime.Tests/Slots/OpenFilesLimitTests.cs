using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class OpenFilesLimitTests
{
    [Theory]
    [InlineData("Max open files            1024                 20000                files     \n", 20000)]
    [InlineData("Max open files            1024                 unlimited            files     \n", 1_048_576)]
    [InlineData("Max open files            1024                 9999999999           files     \n", 1_048_576)]
    public void The_hard_limit_is_taken_up_to_a_million(string text, long expected)
    {
        Assert.Equal(expected, OpenFilesLimit.Parse("Limit Soft Hard Units\n" + text));
    }

    [Theory]
    [InlineData("Max open files            1024                 20000                files     \n", 20000L)]
    [InlineData("Max open files            1024                 unlimited            files     \n", null)]
    public void The_limit_that_a_process_has_is_told_as_it_is(string text, long? expected)
    {
        Assert.Equal(expected, OpenFilesLimit.Given("Limit Soft Hard Units\n" + text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Max open files")]
    [InlineData("Max open files  1024")]
    public void Cut_off_text_is_refused(string text)
    {
        Assert.Throws<FormatException>(() => OpenFilesLimit.Parse(text));
    }
}
