namespace Sleigh.Daemon.Tests;

public sealed class DaemonArgumentsTests
{
    [Fact]
    public void Without_a_verb_it_serves()
    {
        Assert.True(DaemonArguments.TryParse(["--config", "/x.yaml"], out DaemonArguments? arguments, out _));
        Assert.Equal(new DaemonArguments(DaemonVerb.Serve, "/x.yaml"), arguments);
    }

    [Theory]
    [InlineData("stop-all", nameof(DaemonVerb.StopAll))]
    [InlineData("quiesce", nameof(DaemonVerb.Quiesce))]
    public void A_first_word_is_a_verb_of_its_own(string word, string verb)
    {
        Assert.True(DaemonArguments.TryParse([word, "--config", "/x.yaml"], out DaemonArguments? arguments, out _));
        Assert.Equal(new DaemonArguments(Enum.Parse<DaemonVerb>(verb), "/x.yaml"), arguments);
    }

    [Fact]
    public void Doctor_prints_for_people_unless_asked_for_JSON()
    {
        Assert.True(DaemonArguments.TryParse(["doctor", "--config", "/x.yaml"], out DaemonArguments? people, out _));
        Assert.True(DaemonArguments.TryParse(["doctor", "-o", "json"], out DaemonArguments? programs, out _));
        Assert.Equal((DaemonVerb.Doctor, "/x.yaml", false), (people.Verb, people.ConfigPath, people.Json));
        Assert.Equal((DaemonVerb.Doctor, true), (programs.Verb, programs.Json));

        Assert.False(DaemonArguments.TryParse(["doctor", "-o", "xml"], out _, out string problem));
        Assert.Equal("-o needs json or table", problem);
        Assert.False(DaemonArguments.TryParse(["-o", "json"], out _, out _));
    }

    [Theory]
    [InlineData("--confg", "unknown argument '--confg'")]
    [InlineData("--config", "--config needs a file")]
    public void A_wrong_argument_is_named(string argument, string problem)
    {
        Assert.False(DaemonArguments.TryParse([argument], out _, out string said));
        Assert.Equal(problem, said);
    }
}
