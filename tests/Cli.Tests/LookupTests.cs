using Sleigh.Cli.Api;

namespace Sleigh.Cli.Tests;

public sealed class LookupTests
{
    private static readonly (string, string?)[] All =
    [
        ("sbx_aa0000000001", "web"), ("sbx_aa0000000002", null), ("sbx_bb0000000003", "aa"), ("sbx_cc0000000004", "twin"), ("sbx_cc0000000005", "twin"),
    ];

    [Theory]
    [InlineData("web", "sbx_aa0000000001")]
    [InlineData("aa", "sbx_bb0000000003")]
    [InlineData("b", "sbx_bb0000000003")]
    [InlineData("sbx_b", "sbx_bb0000000003")]
    [InlineData("aa0000000002", "sbx_aa0000000002")]
    public void A_name_goes_before_the_beginning_of_an_id(string typed, string id) =>
        Assert.Equal(id, Lookup.Pick(typed, "sandbox", "sbx_", All, "sleighctl ls"));

    [Theory]
    [InlineData("zz", "no sandbox has the id or name 'zz'", "sleighctl ls shows them")]
    [InlineData("", "no sandbox has the id or name ''", "sleighctl ls shows them")]
    [InlineData("aa00", "'aa00' fits 2 sandboxes: sbx_aa0000000001, sbx_aa0000000002", "type more of the id")]
    [InlineData("twin", "'twin' fits 2 sandboxes: sbx_cc0000000004, sbx_cc0000000005", "type more of the id")]
    public void None_and_several_are_refused_with_a_way_out(string typed, string message, string hint)
    {
        var failure = Assert.Throws<CliException>(() => Lookup.Pick(typed, "sandbox", "sbx_", All, "sleighctl ls"));

        Assert.Equal((message, hint, ExitCode.Failure), (failure.Message, failure.Hint, failure.ExitCode));
    }

    [Fact]
    public async Task A_whole_id_is_taken_without_asking()
    {
        using var client = new SleighClient("/tmp/sl-none/s");

        Assert.Equal("sbx_0123456789ab", await Lookup.SandboxAsync(client, "sbx_0123456789ab", CancellationToken.None));
        await Assert.ThrowsAsync<CliException>(() => Lookup.SandboxAsync(client, "sbx_0123456789aB", CancellationToken.None));
    }
}
