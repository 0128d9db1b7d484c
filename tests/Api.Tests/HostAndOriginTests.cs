using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Sleigh.Api.Errors;
using Sleigh.Api.Transport;
using Sleigh.Runtime.Options;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

public sealed class HostAndOriginTests
{
    [Theory]
    [InlineData("localhost")]
    [InlineData("LocalHost:1")]
    [InlineData("127.0.0.1:10122")]
    [InlineData("[::1]")]
    [InlineData("[::1]:10122")]
    [InlineData("sleigh.lan")]
    [InlineData("sleigh.lan:99")]
    [InlineData("other.lan:81")]
    public void Loopback_and_configured_names_pass(string host) => Assert.Null(Rules().Check(host, StringValues.Empty));

    [Theory]
    [InlineData("")]
    [InlineData("evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("other.lan")]
    [InlineData("other.lan:82")]
    [InlineData("[::2]")]
    [InlineData("::1")]
    [ContractLine("T12", Part = "Host")]
    public void Other_hosts_do_not(string host) => Assert.Equal("host_not_allowed", Refusal(Rules(), host, StringValues.Empty));

    [Fact]
    public void No_host_and_two_hosts_do_not()
    {
        Assert.Equal("host_not_allowed", Refusal(Rules(), StringValues.Empty, StringValues.Empty));
        Assert.Equal("host_not_allowed", Refusal(Rules(), new StringValues(["localhost", "localhost"]), StringValues.Empty));
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData(null, "none", false)]
    [InlineData(null, "same-origin", true)]
    [InlineData(null, "cross-site", true)]
    [InlineData("http://localhost:10122", "same-origin", true)]
    [InlineData("http://localhost:10122", null, true)]
    [InlineData("https://allowed.example", "cross-site", false)]
    public void A_page_is_known_by_what_its_browser_says(string? origin, string? site, bool isPage)
    {
        HostAndOrigin rules = new(new HttpOptions { AllowedOrigins = ["https://allowed.example"] });
        HeaderDictionary headers = [];
        headers["Origin"] = origin;
        headers["Sec-Fetch-Site"] = site;

        Assert.Equal(isPage, rules.IsFromPage(headers));
    }

    [Fact]
    public void With_a_key_any_host_passes_but_the_origin_must_fit()
    {
        HostAndOrigin rules = new(new HttpOptions { ApiKey = "k" });

        Assert.Null(rules.Check("any.example", StringValues.Empty));
        Assert.Null(rules.Check("any.example", "https://any.example"));
        Assert.Equal("host_not_allowed", Refusal(rules, "any.example", "https://evil.example"));
    }

    [Theory]
    [InlineData("localhost:10122", "http://localhost:10122", true)]
    [InlineData("localhost", "http://localhost", true)]
    [InlineData("localhost", "http://localhost:80", true)]
    [InlineData("localhost:443", "https://localhost", true)]
    [InlineData("[::1]:5", "http://[::1]:5", true)]
    [InlineData("localhost:10122", "http://localhost", false)]
    [InlineData("localhost:10122", "http://localhost:10123", false)]
    [InlineData("localhost:10122", "http://127.0.0.1:10122", false)]
    [InlineData("localhost", "null", false)]
    [InlineData("localhost", "", false)]
    [InlineData("localhost", "localhost", false)]
    [InlineData("localhost", "http://localhost.evil.example", false)]
    [ContractLine("T12", Part = "Origin")]
    public void An_origin_must_name_the_same_host_and_port(string host, string origin, bool passes)
    {
        if (passes)
        {
            Assert.Null(Rules().Check(host, origin));
        }
        else
        {
            Assert.Equal("host_not_allowed", Refusal(Rules(), host, origin));
        }
    }

    [Fact]
    public void A_configured_origin_passes_and_is_named() =>
        Assert.Equal("https://desk.example", Rules().Check("localhost", "https://desk.example"));

    private static HostAndOrigin Rules() =>
        new(new HttpOptions { AllowedHosts = ["sleigh.lan", "other.lan:81"], AllowedOrigins = ["https://desk.example/"] });

    private static string Refusal(HostAndOrigin rules, StringValues host, StringValues origin) =>
        Assert.Throws<ApiException>(() => rules.Check(host, origin)).Error.Code;
}
