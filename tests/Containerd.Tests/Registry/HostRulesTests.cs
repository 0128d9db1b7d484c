namespace Sleigh.Containerd.Tests.Registry;

public sealed class HostRulesTests
{
    [Theory]
    [InlineData("python", "https://registry-1.docker.io/")]
    [InlineData("registry.test/a", "https://registry.test/")]
    [InlineData("registry.test:5000/a", "https://registry.test:5000/")]
    [InlineData("localhost:5000/a", "http://localhost:5000/")]
    [InlineData("localhost/a", "http://localhost/")]
    [InlineData("127.9.8.7:5000/a", "http://127.9.8.7:5000/")]
    [InlineData("128.0.0.1:5000/a", "https://128.0.0.1:5000/")]
    [InlineData("localhost.test/a", "https://localhost.test/")]
    public void Only_this_machine_is_asked_without_tls(string name, string expected)
    {
        RegistryEndpoint endpoint = Assert.Single(Rules().EndpointsOf(ImageName.Parse(name)));

        Assert.Equal((expected, false), (endpoint.Base.ToString(), endpoint.IsMirror));
    }

    [Fact]
    public void An_entry_may_allow_plain_http_or_ask_for_tls()
    {
        HostRules rules = Rules(
            new RegistryHost { Host = "old.test:5000", PlainHttp = true }, new RegistryHost { Host = "localhost:5000", CaFile = "/ca.pem" });

        Assert.Equal("http://old.test:5000/", rules.EndpointsOf(ImageName.Parse("old.test:5000/a"))[0].Base.ToString());
        Assert.Equal("https://localhost:5000/", rules.EndpointsOf(ImageName.Parse("localhost:5000/a"))[0].Base.ToString());
        Assert.True(rules.MayUse(new Uri("http://old.test:5000/x")));
        Assert.False(rules.MayUse(new Uri("http://old.test/x")));
        Assert.False(rules.MayUse(new Uri("ftp://localhost/x")));
    }

    [Fact]
    public void A_port_that_is_none_is_refused()
    {
        var error = Assert.Throws<RegistryException>(() => Rules().EndpointsOf(ImageName.Parse("registry.test:99999/a")));

        Assert.Equal(
            (RegistryErrorKind.Invalid, "could not pull 'registry.test:99999/a:latest': 'registry.test:99999' is not a host and port"),
            (error.Kind, error.Message));
    }

    [Fact]
    public void An_entry_with_the_default_port_counts() => Assert.Equal(
        ["/ca.pem"], Rules(new RegistryHost { Host = "registry.test:443", CaFile = "/ca.pem" }).CertificateFiles(new Uri("https://registry.test:443").Authority));

    [Fact]
    public void Mirrors_come_first_in_their_order()
    {
        HostRules rules = Rules(new RegistryHost { Host = "docker.io", Mirrors = [new Uri("https://one.test/proxy/"), new Uri("http://localhost:5000")] });

        IReadOnlyList<RegistryEndpoint> endpoints = rules.EndpointsOf(ImageName.Parse("python"));

        Assert.Equal(["one.test", "localhost:5000", "registry-1.docker.io"], endpoints.Select(e => e.Name));
        Assert.Equal([true, true, false], endpoints.Select(e => e.IsMirror));
        Assert.Equal(["one.test", "localhost:5000", "docker.io"], endpoints.Select(e => e.LoginHost));
        Assert.Equal("https://one.test/proxy/v2/library/python/manifests/latest", endpoints[0].Manifest(ImageName.Parse("python"), "latest").ToString());
    }

    [Fact]
    public void A_mirror_in_plain_http_needs_permission()
    {
        var host = new RegistryHost { Host = "docker.io", Mirrors = [new Uri("http://mirror.test")] };

        var error = Assert.Throws<RegistryException>(() => Rules(host).EndpointsOf(ImageName.Parse("python")));

        Assert.Equal(
            "the mirror http://mirror.test of docker.io is plain HTTP; that needs an entry for mirror.test that allows it", error.Message);
        Assert.Equal(2, Rules(host, new RegistryHost { Host = "mirror.test", PlainHttp = true }).EndpointsOf(ImageName.Parse("python")).Count);
    }

    private static HostRules Rules(params RegistryHost[] hosts) => new(new RegistrySettings { Hosts = hosts, CertificateFolder = null });
}
