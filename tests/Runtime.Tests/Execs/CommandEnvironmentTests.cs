namespace Sleigh.Runtime.Tests.Execs;

public sealed class CommandEnvironmentTests
{
    private static readonly ResolvedUser Root = new(0, 0, [], "/root", "root");

    [Fact]
    public void Later_layers_win()
    {
        IReadOnlyList<string> env = CommandEnvironment.Build(
            ["A=image", "B=image", "C=image", "PATH=/bin"],
            new Dictionary<string, string> { ["B"] = "sandbox", ["C"] = "sandbox" },
            new Dictionary<string, string> { ["C"] = "exec" },
            Root, "host");

        Assert.Equal(
            ["PATH=/bin", "HOME=/root", "HOSTNAME=host", "USER=root", "A=image", "B=sandbox", "C=exec"], env);
    }

    [Fact]
    public void Secrets_win_over_variables_and_the_commands_own_over_the_sandboxs()
    {
        IReadOnlyList<string> env = CommandEnvironment.Build(
            ["A=image", "B=image"],
            new Dictionary<string, string> { ["B"] = "sandbox", ["C"] = "sandbox" },
            new Dictionary<string, string> { ["C"] = "exec", ["D"] = "exec" },
            Root, "host", false, null,
            new Dictionary<string, string> { ["B"] = "secret", ["C"] = "secret", ["E"] = "secret" },
            new Dictionary<string, string> { ["E"] = "own secret", ["F"] = "own secret" });

        Assert.Equal(["A=image", "B=secret", "C=secret", "D=exec", "E=own secret", "F=own secret"], env.Where(l => l[1] == '='));
    }

    [Fact]
    public void A_line_without_a_name_is_skipped()
    {
        Assert.DoesNotContain(CommandEnvironment.Build(["=x", "y"], new Dictionary<string, string>(), new Dictionary<string, string>(), Root, "h"),
            line => line is "=x" or "y");
    }

    [Fact]
    public void A_terminal_has_a_TERM_that_later_layers_may_set()
    {
        Dictionary<string, string> none = [];

        Assert.DoesNotContain(CommandEnvironment.Build([], none, none, Root, "h"), line => line.StartsWith("TERM=", StringComparison.Ordinal));
        Assert.Contains("TERM=xterm", CommandEnvironment.Build([], none, none, Root, "h", terminal: true));
        Assert.Contains(
            "TERM=tmux-256color",
            CommandEnvironment.Build(["TERM=dumb"], none, new Dictionary<string, string> { ["TERM"] = "tmux-256color" }, Root, "h", terminal: true));
    }
}
