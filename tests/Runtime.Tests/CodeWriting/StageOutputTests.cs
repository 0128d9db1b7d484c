using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

public sealed class StageOutputTests
{
    [Fact]
    public void Streams_are_joined_and_cut_as_one_and_what_is_left_out_is_counted()
    {
        StageOutput output = new(8, 500);
        output.Say("edit");
        output.Add(new ToolRun(ToolEnd.Succeeded) { Stdout = new ToolOutput("123"u8.ToArray(), 1000), Stderr = FakeWorkplace.Output("e\n") });
        output.Add(new ToolRun(ToolEnd.Failed) { Stdout = FakeWorkplace.Output("behind the hole") });

        Assert.Equal(("edit\n123", "e\n", 997 + 15), output.Cut());
    }

    [Fact]
    public void What_came_upon_a_program_stands_behind_its_errors()
    {
        StageOutput output = new(1000, 500);
        output.Add(new ToolRun(ToolEnd.Failed, "sandbox was rolled back while the command was running") { Stderr = FakeWorkplace.Output("half\n") });
        output.Add(new ToolRun(ToolEnd.Missing, "not told"));

        Assert.Equal(("", "half\nsandbox was rolled back while the command was running\n", 0), output.Cut());
    }
}
