using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sleigh.Daemon.Configuration;
using Sleigh.Runtime.Options;

namespace Sleigh.Daemon.Tests.Configuration;

public sealed class RegistriesTests : IDisposable
{
    private readonly ConfigurationFolder _folder = new();
    private readonly string _files = Directory.CreateTempSubdirectory("sl-").FullName;

    public void Dispose()
    {
        _folder.Dispose();
        Directory.Delete(_files, recursive: true);
    }

    [Fact]
    public void Every_key_of_a_host_is_read()
    {
        string password = Put("password", "a b\n");
        string authority = Put("ca.pem", Certificate());

        SleighOptions options = _folder.Yaml(
            $$"""
            images:
              prefetch: [python:3.11-slim, "registry.example:5000/a/b@sha256:{{new string('0', 64)}}"]
              parallel_layers: 2
              docker_config: /etc/docker.json
              unused_days: 30
              registries:
                Registry.Example:5000:
                  username: reader
                  password_file: {{password}}
                  ca_file: {{authority}}
                  mirrors: [https://mirror.example/cache, "http://127.0.0.1:5001"]
                "127.0.0.1:5002": {username: a, password: " spaces stay ", plain_http: true}
                index.docker.io: {token: abc}
                quiet.example:
            """).Load();

        Assert.Equal(2, options.Images.Prefetch.Count);
        Assert.Equal((2, "/etc/docker.json", TimeSpan.FromDays(30)), (options.Images.ParallelLayers, options.Images.DockerConfig, options.Images.UnusedTime));
        Assert.Equal(["registry.example:5000", "127.0.0.1:5002", "docker.io", "quiet.example"], options.Images.Registries.Select(r => r.Host));
        RegistryOptions first = options.Images.Registries[0];
        Assert.Equal(("reader", "a b", authority, false), (first.Username, first.Password, first.CaFile, first.PlainHttp));
        Assert.Equal([new Uri("https://mirror.example/cache"), new Uri("http://127.0.0.1:5001")], first.Mirrors);
        Assert.Equal((" spaces stay ", true), (options.Images.Registries[1].Password, options.Images.Registries[1].PlainHttp));
        Assert.Equal("abc", options.Images.Registries[2].Token);
    }

    [Fact]
    public void All_errors_of_the_map_are_told_at_once()
    {
        string damaged = Put("damaged.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        string empty = Put("empty", "\n");

        string[] errors = _folder.Yaml(
            $$"""
            images:
              prefetch: [Not A Name]
              registries:
                https://a.example: {username: u, password: p}
                b.example:
                  usernam: u
                  password: [my, secret]
                  token: "a secret"
                  plain_http: yes
                  mirrors: [ftp://m.example]
                c.example: {username: "u:v", password_file: /nowhere, ca_file: {{damaged}}}
                d.example: {ca_file: {{empty}}, username: u, password_file: {{empty}}}
                e.example: {username: u}
                f.example: {password: p}
                g.example: {username: u, password: p, password_file: {{Put("p", "x")}}, token: t}
                h.example: {token: t}
                H.example: {token: t}
            """).Errors();

        Assert.Equal(
            [
                "sleigh.yaml:2: images.prefetch is [Not A Name], must be a list of names of images",
                "sleigh.yaml:4: images.registries names https://a.example, must name a host as image names do, such as registry.example:5000",
                "sleigh.yaml:6: there is no key images.registries[b.example].usernam; the nearest is username",
                "sleigh.yaml:7: images.registries[b.example].password is (hidden), must be 1 to 4096 characters without control characters",
                "sleigh.yaml:8: images.registries[b.example].token is (hidden), must be 1 to 4096 characters without control characters or spaces",
                "sleigh.yaml:9: images.registries[b.example].plain_http is yes, must be true or false",
                "sleigh.yaml:10: images.registries[b.example].mirrors is [ftp://m.example], must be a list of http or https addresses, such as [https://mirror.example]",
                "sleigh.yaml:5: images.registries[b.example] has a password without username",
                "sleigh.yaml:5: images.registries[b.example] has token and a login; one of them is enough",
                "sleigh.yaml:11: images.registries[c.example].username is u:v, must be a user name without a colon",
                "sleigh.yaml:11: images.registries[c.example].password_file is /nowhere, must be a file with 1 to 4096 characters without control characters: it cannot be read: ENOENT (No such file or directory)",
                $"sleigh.yaml:11: images.registries[c.example].ca_file is {damaged}, must be a file with certificates in PEM form: what it holds is damaged",
                $"sleigh.yaml:12: images.registries[d.example].ca_file is {empty}, must be a file with certificates in PEM form: it holds no certificate",
                $"sleigh.yaml:12: images.registries[d.example].password_file is {empty}, must be a file with 1 to 4096 characters without control characters: it holds something else",
                "sleigh.yaml:13: images.registries[e.example] has username without password or password_file",
                "sleigh.yaml:14: images.registries[f.example] has a password without username",
                "sleigh.yaml:15: images.registries[g.example] has password and password_file; one of them is enough",
                "sleigh.yaml:15: images.registries[g.example] has token and a login; one of them is enough",
                "sleigh.yaml:17: images.registries[h.example] is set twice, first on line 16",
            ],
            errors);
    }

    [Theory]
    [InlineData("images: {registries: a.example}", "images.registries is a.example, must be a map of hosts, such as registry.example:5000, each with some of username, password, password_file, token, ca_file, plain_http, mirrors")]
    [InlineData("images: {registries: [a.example]}", "images.registries is [a.example], must be a map of hosts, such as registry.example:5000, each with some of username, password, password_file, token, ca_file, plain_http, mirrors")]
    [InlineData("images: {registries: {a.example: secret}}", "images.registries[a.example] must have keys below it")]
    [InlineData("images: {registries: {a.example: {token: {b: c}}}}", "images.registries[a.example].token is nested too deep")]
    [InlineData("images: {registries: {[a]: b}}", "images.registries: a name must be a word")]
    [InlineData("images: {registries: {a.example: &x {token: t}}}", "anchors and aliases (& and *) are not supported")]
    [InlineData("images: {registries: {a.example: {token: t, token: u}}}", "images.registries[a.example].token is set twice, first on line 1")]
    public void What_is_no_map_gets_one_sentence(string yaml, string sentence) =>
        Assert.Equal($"sleigh.yaml:1: {sentence}", _folder.Yaml(yaml).Errors()[0]);

    [Fact]
    public void A_later_file_adds_hosts_and_replaces_those_it_names_again()
    {
        _folder.Yaml("images: {registries: {a.example: {token: one, plain_http: true}, b.example: {plain_http: true}}}")
            .DropIn("1.yaml", "images: {registries: {c.example: {plain_http: true}, a.example: {token: two}}}");

        IReadOnlyList<RegistryOptions> registries = _folder.Load().Images.Registries;

        Assert.Equal(["b.example", "c.example", "a.example"], registries.Select(r => r.Host));
        Assert.Equal(("two", false), (registries[2].Token, registries[2].PlainHttp));
    }

    [Fact]
    public void A_variable_holds_the_map_as_YAML_on_one_line()
    {
        _folder.Yaml("images: {registries: {a.example: {token: file}, b.example: {token: file}}}");
        _folder.Environment["SLEIGH_IMAGES_REGISTRIES"] = "{b.example: {username: u, password: p}, 'c.example:5000': {plain_http: true}}";

        IReadOnlyList<RegistryOptions> registries = _folder.Load().Images.Registries;

        Assert.Equal(["a.example", "b.example", "c.example:5000"], registries.Select(r => r.Host));
        Assert.Equal(("p", null, true), (registries[1].Password, registries[1].Token, registries[2].PlainHttp));
    }

    [Theory]
    [InlineData("a.example", "images.registries must be a map of hosts, such as registry.example:5000, each with some of username, password, password_file, token, ca_file, plain_http, mirrors, as YAML on one line")]
    [InlineData("{a.example: {usernam: u}}", "there is no key images.registries[a.example].usernam; the nearest is username")]
    [InlineData("{a.example: {token: \"a b\"}}", "images.registries[a.example].token is (hidden), must be 1 to 4096 characters without control characters or spaces")]
    [InlineData("{a.example: {token: x}}\nlog: {level: debug}", "not YAML")]
    public void A_variable_that_is_wrong_is_named(string text, string problem)
    {
        _folder.Environment["SLEIGH_IMAGES_REGISTRIES"] = text;

        Assert.StartsWith($"SLEIGH_IMAGES_REGISTRIES: {problem}", _folder.Errors()[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_of_registries_are_never_shown()
    {
        SleighOptions options = _folder.Yaml(
            "images: {registries: {a.example: {username: u, password: my-secret}, b.example: {token: my-secret, mirrors: [https://m.example]}}}").Load();

        Assert.DoesNotContain("my-secret", options.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("my-secret", string.Concat(options.Images.Registries), StringComparison.Ordinal);
        Assert.Contains(
            "images.registries: {a.example: {username: u, password: (hidden)}, b.example: {token: (hidden), mirrors: [https://m.example/]}}\n",
            SleighConfiguration.Describe(options),
            StringComparison.Ordinal);
    }

    private string Put(string name, string text)
    {
        string path = Path.Combine(_files, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static string Certificate()
    {
        using ECDsa key = ECDsa.Create();
        using X509Certificate2 certificate = new CertificateRequest("CN=test", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1));
        return certificate.ExportCertificatePem();
    }
}
