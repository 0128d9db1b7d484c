using System.Net;
using System.Text;

namespace Sleigh.Containerd.Tests.Registry;

public sealed class RegistryTextTests
{
    [Theory]
    [InlineData(404, """{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"x"}}]}""", "it said 404 Not Found: MANIFEST_UNKNOWN: manifest unknown")]
    [InlineData(401, """{"errors":[{"code":"A"},{"message":"b"}]}""", "it said 401 Unauthorized: A; b")]
    [InlineData(401, """{"details":"incorrect username or password"}""", "it said 401 Unauthorized: incorrect username or password")]
    [InlineData(400, """{"error":"invalid_scope"}""", "it said 400 Bad Request: invalid_scope")]
    [InlineData(502, "<html>\n<b>Bad gateway</b></html>", "it said 502 Bad Gateway")]
    [InlineData(500, "two\nlines", "it said 500 Internal Server Error: two lines")]
    [InlineData(500, "", "it said 500 Internal Server Error")]
    [InlineData(500, """{"errors":7}""", "it said 500 Internal Server Error")]
    [InlineData(500, """{"errors":[7]}""", "it said 500 Internal Server Error")]
    public void A_refusal_is_one_line(int status, string body, string expected) =>
        Assert.Equal(expected, RegistryErrorText.Of((HttpStatusCode)status, Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void A_long_refusal_is_cut()
    {
        string text = RegistryErrorText.Of(HttpStatusCode.Forbidden, Encoding.UTF8.GetBytes(new string('x', 5000)));

        Assert.Equal("it said 403 Forbidden: " + new string('x', 200) + "…", text);
    }

    [Theory]
    [InlineData(404, RegistryErrorKind.NotFound)]
    [InlineData(401, RegistryErrorKind.Denied)]
    [InlineData(403, RegistryErrorKind.Denied)]
    [InlineData(429, RegistryErrorKind.Network)]
    [InlineData(503, RegistryErrorKind.Network)]
    [InlineData(400, RegistryErrorKind.Other)]
    public void A_status_has_its_kind(int status, RegistryErrorKind kind) => Assert.Equal(kind, RegistryErrorText.KindOf((HttpStatusCode)status));

    [Fact]
    public void Pauses_grow_and_end_and_the_server_may_ask_for_more()
    {
        var retries = new Retries(5, TimeSpan.FromSeconds(1));

        Assert.Equal([1, 2, 9], new[] { retries.Next(null), retries.Next(null), retries.Next(TimeSpan.FromSeconds(9)) }.Select(p => p!.Value.TotalSeconds));
        Assert.Equal(60, retries.Next(TimeSpan.FromHours(1))!.Value.TotalSeconds);
        Assert.Null(retries.Next(null));
        retries.Reset();

        // The try that made progress breaks, and five more without.
        Assert.Equal([1, 1, 2, 4, 8], Enumerable.Range(0, 5).Select(_ => retries.Next(null)!.Value.TotalSeconds));
        Assert.Null(retries.Next(null));
    }

    [Fact]
    public void A_missing_file_of_certificates_is_named()
    {
        var error = Assert.Throws<IOException>(() => new ServerTrust(["/nowhere/ca.pem"]));

        Assert.StartsWith("the certificates in /nowhere/ca.pem cannot be read: ", error.Message, StringComparison.Ordinal);
    }
}
