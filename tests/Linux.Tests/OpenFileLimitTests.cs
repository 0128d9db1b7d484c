namespace Sleigh.Linux.Tests;

public sealed class OpenFileLimitTests
{
    [Fact]
    public void The_soft_limit_is_raised_to_the_hard_one()
    {
        ulong hard = OpenFileLimit.Read().Hard;
        try
        {
            OpenFileLimit.SetSoft(hard - 1);
            Assert.Equal(new OpenFileLimit(hard - 1, hard), OpenFileLimit.Read());

            Assert.Equal(new OpenFileLimit(hard, hard), OpenFileLimit.Raise());

            string line = File.ReadLines("/proc/self/limits").Single(l => l.StartsWith("Max open files", StringComparison.Ordinal));
            Assert.Equal([$"{hard}", $"{hard}"], line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[3..5]);
        }
        finally
        {
            OpenFileLimit.SetSoft(hard);
        }
    }

    [Fact]
    public void A_limit_above_the_hard_one_is_refused()
    {
        ulong above = OpenFileLimit.Read().Hard + 1;

        Assert.Equal(
            $"set the limit of open files to {above} of 'this process': EINVAL (Invalid argument)",
            Assert.Throws<KernelException>(() => OpenFileLimit.SetSoft(above)).Message);
    }
}
