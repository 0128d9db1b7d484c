namespace Sleigh.Containerd.Tests.Registry;

public sealed class AuthChallengeTests
{
    [Theory]
    [InlineData("""Bearer realm="https://auth.test/token",service="a b",scope="repository:x/y:pull,push" """, "bearer realm=https://auth.test/token service=a b scope=repository:x/y:pull,push")]
    [InlineData("""Basic realm="Registry"  """, "basic realm=Registry")]
    [InlineData("""basic Realm=plain, charset="UTF-8" """, "basic realm=plain charset=UTF-8")]
    [InlineData("""Basic realm="a", Bearer realm="b",service="c" """, "basic realm=a; bearer realm=b service=c")]
    [InlineData("""Negotiate, Basic realm="say \"hi\"" """, "negotiate; basic realm=say \"hi\"")]
    [InlineData("""Negotiate YII+/aQ==, Bearer realm = "b" """, "negotiate; bearer realm=b")]
    [InlineData("Bearer", "bearer")]
    [InlineData("Bearer ", "bearer")]
    [InlineData("Bearer realm", "bearer")]
    [InlineData("Bearer realm=\"cut off", "bearer realm=cut off")]
    [InlineData("Bearer realm=\"cut \\", "bearer realm=cut \\")]
    [InlineData("Bearer realm=\"a\",realm=\"b\"", "bearer realm=a")]
    [InlineData("", "")]
    [InlineData(", ,", "")]
    [InlineData("\"", "")]
    public void A_header_is_read(string header, string expected)
    {
        string read = string.Join("; ", AuthChallenge.ParseAll([header]).Select(c => string.Join(' ', c.Parameters.Select(p => $"{p.Key}={p.Value}").Prepend(c.Scheme))));

        Assert.Equal(expected, read);
    }

    [Fact]
    public void Several_headers_are_one_list() => Assert.Equal(["basic", "bearer"], AuthChallenge.ParseAll(["Basic realm=\"a\"", "Bearer realm=\"b\""]).Select(c => c.Scheme));

    [Theory]
    [InlineData("https://auth.test/token", "https://registry.test", true)]
    [InlineData("http://auth.test/token", "https://registry.test", false)]
    [InlineData("http://127.0.0.1:99/token", "https://registry.test", true)]
    [InlineData("http://registry.test:5000/token", "http://registry.test:5000", true)]
    [InlineData("http://registry.test:5001/token", "http://registry.test:5000", false)]
    public void A_login_goes_to_a_token_server_only_where_nobody_can_read_it(string server, string registry, bool may) =>
        Assert.Equal(may, AccessTokens.MayHaveLogin(new Uri(server), new Uri(registry)));

    [Theory]
    [InlineData("""{"token":"a","expires_in":300}""", "a", 300)]
    [InlineData("""{"access_token":"b"}""", "b", 60)]
    [InlineData("""{"token":"","access_token":"b","expires_in":-1}""", "b", 60)]
    public void A_token_servers_answer_is_read(string json, string token, int seconds) =>
        Assert.Equal((token, TimeSpan.FromSeconds(seconds)), AccessTokens.Parse(System.Text.Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"token":7}""")]
    [InlineData("{\"token\":\"a\\r\\nX: y\"}")]
    public void What_holds_no_token_is_none(string json) => Assert.Null(AccessTokens.Parse(System.Text.Encoding.UTF8.GetBytes(json)));
}
