using System.Text;

namespace Sleigh.Containerd.Tests.Registry;

public sealed class DockerConfigTests
{
    private static readonly string Auth = Convert.ToBase64String("me:pass:word"u8);

    [Fact]
    public void Logins_are_found_by_host_however_it_is_written()
    {
        DockerConfig config = Parse($$$"""
            {"auths":{
              "one.test:5000":{"auth":"{{{Auth}}}"},
              "https://two.test/v1/":{"username":"u","password":"p"},
              "https://index.docker.io/v1/":{"auth":"{{{Auth}}}","identitytoken":"idt"},
              "three.test":{"registrytoken":"rt"},
              "empty.test":{} } }
            """);

        Assert.Equal(("me", "pass:word"), (config.Find("one.test:5000")!.Username, config.Find("one.test:5000")!.Password));
        Assert.Equal("u", config.Find("two.test")!.Username);
        Assert.Equal("idt", config.Find("docker.io")!.IdentityToken);
        Assert.Equal("rt", config.Find("three.test")!.RegistryToken);
        Assert.Null(config.Find("empty.test"));
        Assert.Null(config.Find("one.test"));
        Assert.Null(config.HelperOf("one.test:5000"));
    }

    [Fact]
    public void A_helper_of_the_host_comes_before_the_one_for_all()
    {
        DockerConfig config = Parse("""{"credsStore":"all","credHelpers":{"one.test":"one"}}""");

        Assert.Equal(("one", "one.test"), config.HelperOf("one.test"));
        Assert.Equal(("all", "two.test"), config.HelperOf("two.test"));
        Assert.Equal(("all", "https://index.docker.io/v1/"), config.HelperOf("docker.io"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"auths\":")]
    [InlineData("""{"credsStore":7}""")]
    [InlineData("""{"auths":{"a":{"auth":"!"}}}""")]
    [InlineData("""{"auths":{"a":{"auth":7}}}""")]
    public void Anything_else_is_refused(string json) => Assert.Throws<FormatException>(() => Parse(json));

    [Fact]
    public void A_helpers_answer_is_read()
    {
        Assert.Equal("s", CredentialHelper.Parse("""{"ServerURL":"x","Username":"u","Secret":"s"}""", "h").Login!.Password);
        RegistryLogin token = CredentialHelper.Parse("""{"Username":"<token>","Secret":"s"}""", "h").Login!;
        Assert.Equal((null, "s"), (token.Username, token.IdentityToken));
        Assert.Equal(new LoginAnswer(null, "h gave an answer that is not the JSON of a login"), CredentialHelper.Parse("{}", "h"));
        Assert.Equal("h gave an answer that is not the JSON of a login", CredentialHelper.Parse("no", "h").Note);
    }

    [Fact]
    public async Task A_helper_whose_name_is_a_path_is_not_run() => Assert.Equal(
        "docker's configuration names the helper 'docker-credential-../evil', which is no program's name",
        (await CredentialHelper.GetAsync("../evil", "host", CancellationToken.None)).Note);

    [Fact]
    public void A_login_shows_no_secret()
    {
        Assert.Equal("the user 'u'", new RegistryLogin { Username = "u", Password = "hidden" }.ToString());
        Assert.Equal("h", new RegistryHost { Host = "h", Username = "u", Password = "hidden" }.ToString());
    }

    private static DockerConfig Parse(string json) => DockerConfig.Parse(Encoding.UTF8.GetBytes(json));
}
