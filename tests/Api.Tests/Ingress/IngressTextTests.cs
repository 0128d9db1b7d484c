using System.Net;
using Microsoft.Extensions.Primitives;
using Sleigh.Api.Errors;
using Sleigh.Api.Ingress;

namespace Sleigh.Api.Tests.Ingress;

/// <summary>What is read from and written into requests that are for servers in sandboxes.</summary>
public sealed class IngressTextTests
{
    private const string Id = "sbx_0123456789ab";

    private static readonly IngressTarget ByPath = IngressTarget.Parse($"/sandboxes/{Id}/ports/8080/a", "127.0.0.1:10122", null)!;
    private static readonly IngressTarget ByHost = IngressTarget.Parse("/a", "8080-sbx-0123456789ab.localhost:10122", "localhost")!;

    [Theory]
    [InlineData("/sandboxes/sbx_0123456789ab/ports/8080/", "/", "")]
    [InlineData("/sandboxes/sbx_0123456789ab/ports/8080/?a=b", "/", "?a=b")]
    [InlineData("/sandboxes/sbx_0123456789ab/ports/8080/x/../%2e%2E//y?", "/x/../%2e%2E//y", "?")]
    [InlineData("http://127.0.0.1:10122/sandboxes/sbx_0123456789ab/ports/8080/x", "/x", "")]
    public void A_path_below_a_port_goes_on_as_it_was_sent(string target, string path, string query)
    {
        IngressTarget found = IngressTarget.Parse(target, "127.0.0.1:10122", null)!;

        Assert.Equal((Id, "8080", path, query), (found.Sandbox, found.Port, found.Path, found.Query));
        Assert.Equal($"/sandboxes/{Id}/ports/8080", found.Prefix);
    }

    [Fact]
    public void A_path_that_can_be_no_part_of_an_address_is_a_bad_request_that_names_it()
    {
        ApiException refused = Assert.Throws<ApiException>(() => (ByHost with { Path = "9x" }).AddressAt("a.place", 8080));

        Assert.Equal((400, "bad_request", "bad request: the path '9x' cannot be part of an address"), (refused.Error.Status, refused.Error.Code, refused.Error.Message));
        Assert.Equal("path", refused.Error.Details["field"]);
    }

    [Fact]
    public void Every_character_that_a_request_line_may_hold_goes_on_as_it_was_sent()
    {
        string odd = string.Concat(Enumerable.Range(0x21, 0x7f - 0x21).Where(c => c is not '?' and not '#').Select(c => (char)c));
        foreach (string path in (string[])["/", "//", "/" + odd, "/\\", "/[", "//[", "/@:", "//@:99999/", "/%", "/%zz", "/%00", "/../..", "/" + new string('x', 8000)])
        {
            Uri address = IngressTarget.Parse(path + "?" + odd, "8080-sbx-0123456789ab.localhost", "localhost")!.AddressAt("a.place", 8080);

            Assert.Equal(("a.place", 8080, path + "?" + odd), (address.Host, address.Port, address.PathAndQuery));
        }
    }

    [Theory]
    [InlineData("/sandboxes/sbx_0123456789ab/ports/8080")]
    [InlineData("/sandboxes/sbx_0123456789ab/ports/8080?wait=listening")]
    [InlineData("/sandboxes/sbx_0123456789ab/ports//x")]
    [InlineData("/sandboxes/sbx_0123456789ab/mounts/8080/x")]
    [InlineData("/%73andboxes/sbx_0123456789ab/ports/8080/x")]
    [InlineData("/")]
    [InlineData("*")]
    public void Other_paths_are_the_apis(string target) => Assert.Null(IngressTarget.Parse(target, "127.0.0.1:10122", "localhost"));

    [Theory]
    [InlineData("8080-sbx-0123456789ab.localhost", "localhost")]
    [InlineData("8080-sbx_0123456789ab.localhost:10122", "localhost")]
    [InlineData("8080-SBX-0123456789AB.Boxes.Example", "boxes.example")]
    public void A_host_name_below_the_domain_says_where_a_request_goes(string host, string domain)
    {
        IngressTarget found = IngressTarget.Parse("/sandboxes/x/ports/1/y?z", host, domain)!;

        Assert.Equal((Id, "8080", "", "/sandboxes/x/ports/1/y", "?z"), (found.Sandbox, found.Port, found.Prefix, found.Path, found.Query));
    }

    [Theory]
    [InlineData("localhost:10122")]
    [InlineData(".localhost")]
    [InlineData("8080.localhost")]
    [InlineData("8080-sbx-0123.evil.localhost")]
    [InlineData("x-sbx-0123456789ab.localhost")]
    [InlineData("8080-sbx-0123456789ab.localhost.evil.example")]
    [InlineData("8080-sbx-0123456789ab.evillocalhost")]
    public void Other_host_names_say_nothing(string host) => Assert.Null(IngressTarget.Parse("/", host, "localhost"));

    [Fact]
    public void Without_a_domain_no_host_name_says_anything() => Assert.Null(IngressTarget.Parse("/", "8080-sbx-0123456789ab.localhost", null));

    [Theory]
    [InlineData("", "")]
    [InlineData("?", "?")]
    [InlineData("?a=b&&c=%2F+x", "?a=b&&c=%2F+x")]
    [InlineData("?session_token=x", "")]
    [InlineData("?a=1&session_token=x&b=2", "?a=1&b=2")]
    [InlineData("?%73ession_token=x&a", "?a")]
    [InlineData("?sleigh_link=1.x&sleigh_link=2", "")]
    [InlineData("?xsession_token=1", "?xsession_token=1")]
    public void What_opens_the_way_is_taken_out_of_a_query_and_the_rest_stays(string query, string left) => Assert.Equal(left, PlainQuery.Without(query));

    [Theory]
    [InlineData("a=b; Domain=localhost; Path=/; HttpOnly", "a=b; HttpOnly; Path=/sandboxes/sbx_0123456789ab/ports/8080/")]
    [InlineData("a=b", "a=b; Path=/sandboxes/sbx_0123456789ab/ports/8080/")]
    [InlineData("a=b; path=/x; PATH=/sandboxes/sbx_ffffffffffff/ports/8080/", "a=b; Path=/sandboxes/sbx_0123456789ab/ports/8080/sandboxes/sbx_ffffffffffff/ports/8080/")]
    [InlineData("a=b; path=x", "a=b; Path=/sandboxes/sbx_0123456789ab/ports/8080/")]
    [InlineData("a=b; Path=/sandboxes/sbx_0123456789ab/ports/8080/x", "a=b; Path=/sandboxes/sbx_0123456789ab/ports/8080/x")]
    [InlineData("a=b; Path=/sandboxes/sbx_0123456789ab/ports/80801", "a=b; Path=/sandboxes/sbx_0123456789ab/ports/8080/sandboxes/sbx_0123456789ab/ports/80801")]
    [InlineData("a=b; Path=/sandboxes", "a=b; Path=/sandboxes/sbx_0123456789ab/ports/8080/sandboxes")]
    [InlineData("a=b; Domain\t=127.0.0.1; Path\t=/sessions", "a=b; Path=/sandboxes/sbx_0123456789ab/ports/8080/sessions")]
    [InlineData("a=\"b; Path=/; Domain=x\"; Path=/", "a=\"b; Path=/sandboxes/sbx_0123456789ab/ports/8080/")]
    [InlineData("__Host-a=b; Secure; Path=/", "__Host-a=b; Secure; Path=/sandboxes/sbx_0123456789ab/ports/8080/")]
    [InlineData("sleigh_link=x; Path=/", null)]
    [InlineData(" sleigh_link =x", null)]
    public void A_cookie_of_a_server_goes_back_to_that_server_only(string sent, string? confined) => Assert.Equal(confined, LinkCookie.Confine(sent, ByPath));

    [Fact]
    public void With_a_host_name_of_its_own_a_servers_cookie_keeps_its_path_but_no_domain() =>
        Assert.Equal("a=b; Path=/x; Secure", LinkCookie.Confine("a=b; Path=/x; Domain=.localhost; Secure", ByHost));

    [Fact]
    public void Our_own_cookie_is_found_and_taken_out()
    {
        StringValues sent = new(["a=b; sleigh_link=1.x", "sleigh_link=2.y;c=d"]);

        Assert.Equal(["1.x", "2.y"], LinkCookie.Values(sent));
        Assert.Equal("a=b; c=d", LinkCookie.Without(sent));
        Assert.Null(LinkCookie.Without("sleigh_link=1.x"));
    }

    [Theory]
    [InlineData("/login", "/sandboxes/sbx_0123456789ab/ports/8080/login")]
    [InlineData("http://localhost:8080/login?x", "/sandboxes/sbx_0123456789ab/ports/8080/login?x")]
    [InlineData("https://localhost:8080/login", "/sandboxes/sbx_0123456789ab/ports/8080/login")]
    [InlineData("HTTP://LOCALHOST:8080//evil.example/", "/sandboxes/sbx_0123456789ab/ports/8080//evil.example/")]
    [InlineData("/sandboxes/sbx_ffffffffffff/ports/8080/x", "/sandboxes/sbx_0123456789ab/ports/8080/sandboxes/sbx_ffffffffffff/ports/8080/x")]
    [InlineData("/sessions/token", "/sandboxes/sbx_0123456789ab/ports/8080/sessions/token")]
    [InlineData("http://127.0.0.1:8080", "/sandboxes/sbx_0123456789ab/ports/8080/")]
    [InlineData("/sandboxes/sbx_0123456789ab/ports/8080/x", "/sandboxes/sbx_0123456789ab/ports/8080/x")]
    [InlineData("http://localhost:80801/", "http://localhost:80801/")]
    [InlineData("https://example.com/", "https://example.com/")]
    [InlineData("//example.com/", "//example.com/")]
    [InlineData("next", "next")]
    public void A_redirect_of_a_server_to_itself_stays_with_it(string sent, string seen) => Assert.Equal(seen, IngressHeaders.Location(sent, ByPath, 8080));

    [Fact]
    public void A_server_gets_callers_headers_but_none_of_ours()
    {
        Dictionary<string, StringValues> sent = new()
        {
            ["Host"] = "127.0.0.1:10122",
            ["Accept"] = "text/html",
            ["Connection"] = "keep-alive, X-Hop",
            ["X-Hop"] = "1",
            ["Keep-Alive"] = "5",
            ["TE"] = "trailers",
            ["Transfer-Encoding"] = "chunked",
            ["X-Session-Token"] = "sess_1",
            ["Authorization"] = "Bearer key",
            ["Cookie"] = "sleigh_link=1.x; a=b",
            ["Origin"] = "http://127.0.0.1:10122",
            ["Referer"] = "http://127.0.0.1:10122/sandboxes/x?session_token=sess_1&a=b",
            ["X-Forwarded-For"] = "198.51.100.1",
            ["X-Forwarded-Host"] = "spoofed",
            ["Forwarded"] = "for=198.51.100.1",
        };
        string[] got = [.. IngressHeaders.ForServer(sent, ByPath, 8080, IPAddress.Parse("::ffff:192.0.2.7"), v => v == "Bearer key").Select(h => $"{h.Name}: {h.Value}").Order(StringComparer.Ordinal)];

        Assert.Equal(
            [
                "Accept: text/html", "Cookie: a=b", "Host: localhost:8080", "Origin: http://localhost:8080", "Referer: http://127.0.0.1:10122/sandboxes/x?a=b",
                "X-Forwarded-For: 198.51.100.1, 192.0.2.7", "X-Forwarded-Host: 127.0.0.1:10122", $"X-Forwarded-Prefix: /sandboxes/{Id}/ports/8080", "X-Forwarded-Proto: http",
            ],
            got);
    }

    [Theory]
    [InlineData("http://localhost:8080/login", "/login")]
    [InlineData("https://localhost:8080", "/")]
    [InlineData("http://localhost:8080//evil.example/", "/.//evil.example/")]
    [InlineData("http://localhost:8080/\\evil.example/", "/./\\evil.example/")]
    [InlineData("/login", "/login")]
    public void By_host_name_a_redirect_to_itself_stays_on_that_name(string sent, string seen) => Assert.Equal(seen, IngressHeaders.Location(sent, ByHost, 8080));

    [Fact]
    public void A_servers_own_kind_of_authorization_goes_through() => Assert.Contains(
        ("Authorization", "Basic eA=="),
        IngressHeaders.ForServer([new("Authorization", "Basic eA==")], ByHost, 8080, null, v => v == "Bearer key"));

    [Theory]
    [InlineData("Content-Type", "text/html", "text/html")]
    [InlineData("X-Text", "caf\u00e9", "caf\u00e9")]
    [InlineData("X-Text", "a\u0001b", null)]
    [InlineData("Connection", "close", null)]
    [InlineData("X-Hop", "1", null)]
    [InlineData("Transfer-Encoding", "chunked", null)]
    [InlineData("X-Request-Id", "other", null)]
    [InlineData("Strict-Transport-Security", "max-age=1", null)]
    [InlineData("Alt-Svc", "h2=\":443\"", null)]
    [InlineData("Clear-Site-Data", "\"*\"", null)]
    [InlineData("Service-Worker-Allowed", "/", null)]
    public void What_would_speak_for_more_than_the_server_stays_behind(string name, string value, string? seen) =>
        Assert.Equal(seen, IngressHeaders.ForCaller(name, value, "close, x-hop", ByPath, 8080));

    [Fact]
    public void On_a_host_name_of_its_own_a_server_may_speak_for_its_origin() =>
        Assert.Equal("/", IngressHeaders.ForCaller("Service-Worker-Allowed", "/", default, ByHost, 8080));

    [Theory]
    [InlineData("127.0.0.1:10122", false, null, "http://127.0.0.1:10122/sandboxes/sbx_0123456789ab/ports/8080/a?b=c&sleigh_link=1.x")]
    [InlineData("127.0.0.1:10122", false, "boxes.example", "http://8080-sbx-0123456789ab.boxes.example:10122/a?b=c&sleigh_link=1.x")]
    [InlineData("api.example", true, "boxes.example", "https://8080-sbx-0123456789ab.boxes.example/a?b=c&sleigh_link=1.x")]
    [InlineData("[::1]", false, "boxes.example", "http://8080-sbx-0123456789ab.boxes.example/a?b=c&sleigh_link=1.x")]
    public void A_link_leads_the_way_its_caller_came(string host, bool isSecure, string? domain, string url) =>
        Assert.Equal(url, LinkAddress.Of(host, isSecure, domain, Id, 8080, "/a?b=c", "1.x"));
}
