namespace Sleigh.Containerd.Tests.Registry;

public sealed class ProxyVariablesTests
{
    [Theory]
    [InlineData("https://registry.test/v2/", "https://secure.test/")]
    [InlineData("http://registry.test/v2/", "http://plain.test:3128/")]
    [InlineData("http://localhost:5000/", null)]
    [InlineData("http://127.1.2.3/", null)]
    [InlineData("http://[::1]:5000/", null)]
    [InlineData("https://10.1.2.3/", null)]
    [InlineData("https://11.1.2.3/", "https://secure.test/")]
    [InlineData("https://a.inner.test/", null)]
    [InlineData("https://inner.test/", null)]
    [InlineData("https://notinner.test/", "https://secure.test/")]
    [InlineData("https://port.test:5000/", null)]
    [InlineData("https://port.test/", "https://secure.test/")]
    [InlineData("https://x.dotted.test/", null)]
    public void Addresses_go_the_way_that_the_variables_say(string address, string? proxy)
    {
        ProxyVariables variables = Read(
            ("HTTP_PROXY", "plain.test:3128"), ("https_proxy", "https://secure.test"), ("NO_PROXY", "10.0.0.0/8, inner.test,port.test:5000,.dotted.test"));

        Assert.Equal(proxy, variables.GetProxy(new Uri(address))?.ToString());
        Assert.Equal(proxy is null, variables.IsBypassed(new Uri(address)));
    }

    [Fact]
    public void A_star_and_no_variables_mean_no_proxy()
    {
        Assert.True(Read().IsBypassed(new Uri("https://registry.test")));
        Assert.True(Read(("HTTPS_PROXY", "http://p.test"), ("NO_PROXY", "*")).IsBypassed(new Uri("https://registry.test")));
        Assert.True(Read(("HTTPS_PROXY", "://")).IsBypassed(new Uri("https://registry.test")));
    }

    [Fact]
    public void A_login_in_the_address_is_for_the_proxy()
    {
        System.Net.NetworkCredential login = Read(("HTTPS_PROXY", "http://me:p%40ss@p.test")).Credentials!.GetCredential(new Uri("http://p.test"), "Basic")!;

        Assert.Equal(("me", "p@ss"), (login.UserName, login.Password));
    }

    private static ProxyVariables Read(params (string Name, string Value)[] variables) => new(name => variables.FirstOrDefault(v => v.Name == name).Value);
}
