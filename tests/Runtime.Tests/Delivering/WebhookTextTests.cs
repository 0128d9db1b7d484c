using Sleigh.TestSupport;

namespace Sleigh.Runtime.Tests.Delivering;

/// <summary>The texts of a delivery.</summary>
public sealed class WebhookTextTests
{
    [Theory]
    [InlineData(2048, 2048)]
    [InlineData(4096, 4096)]
    public void A_text_of_the_longest_length_stays_whole(int length, int most)
    {
        string text = new('x', length);

        Assert.Same(text, WebhookText.Cut(text, most));
    }

    [Fact]
    [ContractLine("W4", Part = "the prefix")]
    public void A_longer_text_keeps_its_end_behind_a_line_that_counts_what_is_gone()
    {
        Assert.Equal(
            "...(truncated webhook field: omitted 1 runes, showing last 2048)\n" + new string('x', 2047) + "y",
            WebhookText.Cut("a" + new string('x', 2047) + "y", WebhookText.MostOfCommand));
        Assert.Equal(
            "...(truncated webhook field: omitted 4 runes, showing last 4096)\n" + new string('x', 4096),
            WebhookText.Cut("abcd" + new string('x', 4096), WebhookText.MostOfError));
    }

    [Fact]
    public void Code_points_are_counted_and_none_is_torn()
    {
        string text = string.Concat(Enumerable.Repeat("😀", 3)) + "é";

        Assert.Equal(text, WebhookText.Cut(text, 4));
        Assert.Equal("...(truncated webhook field: omitted 2 runes, showing last 2)\n😀é", WebhookText.Cut(text, 2));
    }

    [Fact]
    public void Arguments_are_shown_as_a_shell_would_take_them() => Assert.Equal(
        "python3 -c 'print('\\''a b'\\'')' '' /srv/x=1",
        WebhookText.OfCommand(new ExecSpec { Argv = ["python3", "-c", "print('a b')", "", "/srv/x=1"] }));

    [Fact]
    public void A_token_in_a_command_is_kept_nowhere() => Assert.Equal(
        "curl -H 'X-Session-Token: sess_***' sess_0123",
        WebhookText.OfCommand(new ExecSpec { Command = "curl -H 'X-Session-Token: sess_0123456789abcdef0123456789abcdef' sess_0123" }));

    [Theory]
    [InlineData("http://h.example/a/b", "http://h.example/a/b", "http://h.example")]
    [InlineData("https://u:p@H.example:8443/a?token=1#f", "https://h.example:8443/a?***", "https://h.example:8443")]
    [InlineData("http://[::1]:80/", "http://[::1]/", "http://[::1]")]
    [InlineData("http://[::1]:81/?", "http://[::1]:81/?***", "http://[::1]:81")]
    [InlineData("nonsense", "***", "***")]
    public void What_is_shown_of_a_URL_holds_no_password_and_no_query(string url, string shown, string receiver) =>
        Assert.Equal((shown, receiver), (WebhookUrl.Shown(url), WebhookUrl.Receiver(url)));
}
