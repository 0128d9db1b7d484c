using System.CommandLine;

namespace Sleigh.Benchmarks.MemorySimulation.Tests;

public sealed class CommandTests
{
    [Fact]
    public void It_prints_a_line_of_the_table_for_each_trace()
    {
        (int code, string output, _) = Run("--trace", "burst");

        Assert.Equal(0, code);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("burst: 185 MB to 1 GB in 2 s, held for 5 s", lines[0]);
        Assert.StartsWith("| trace | sandboxes | kills | done | throttled s |", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("| burst |         1 |     0 |    1 |", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public void It_writes_each_step_into_a_file()
    {
        string path = Path.GetTempFileName();
        try
        {
            Assert.Equal(0, Run("--trace", "small-host", "--csv", path).Code);
            string[] lines = File.ReadAllLines(path);
            Assert.Equal("seconds,sandbox,usage,working_set,brake,wall", lines[0]);
            Assert.Equal("0.001,s0,193986560,193986560,268435456,402653184", lines[1]);
            Assert.All(lines.Skip(1), line => Assert.Equal(6, line.Split(',').Length));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("--csv needs --trace", "--csv", "x")]
    [InlineData("--delay is 60001, must be 0 to 60000", "--delay", "60001")]
    [InlineData("--static is 15, must be 16 to 16777216", "--static", "15")]
    [InlineData("Argument 'x' not recognized.", "--trace", "x")]
    public void Bad_input_is_refused_with_the_rule(string text, params string[] arguments)
    {
        (int code, _, string error) = Run(arguments);

        Assert.Equal(1, code);
        Assert.Contains(text, error, StringComparison.Ordinal);
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using StringWriter output = new();
        using StringWriter error = new();
        int code = SimulationCommand.Build(output).Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
