using Sleigh.Containerd;
using Sleigh.Runtime.Images;
using Sleigh.Runtime.Options;

namespace Sleigh.Runtime.Tests.Images;

public sealed class RegistrySetupTests
{
    [Theory]
    [InlineData("/etc/d.json", "/x", "", "/etc/d.json")]
    [InlineData(null, "/x", "/x/config.json", "/x/config.json")]
    [InlineData(null, "/x", "/root/.docker/config.json", null)]
    [InlineData(null, null, "/root/.docker/config.json", "/root/.docker/config.json")]
    [InlineData(null, "", "/root/.docker/config.json", "/root/.docker/config.json")]
    [InlineData(null, null, "", null)]
    public void Dockers_credentials_are_where_docker_has_them(string? configured, string? variable, string existing, string? found) =>
        Assert.Equal(found, RegistrySetup.From(new ImagesOptions { DockerConfig = configured }, _ => variable, f => f == existing, _ => { }).DockerConfig);

    [Fact]
    public void Every_field_of_a_host_gets_through()
    {
        RegistrySettings settings = RegistrySetup.From(
            new ImagesOptions
            {
                ParallelLayers = 7,
                Registries =
                [
                    new RegistryOptions
                    {
                        Host = "h", Username = "u", Password = "p", Token = "t", CaFile = "/c", PlainHttp = true, Mirrors = [new Uri("https://m")],
                    },
                ],
            },
            _ => null,
            _ => false,
            _ => { });

        RegistryHost host = Assert.Single(settings.Hosts);
        Assert.Equal(7, settings.ParallelLayers);
        Assert.Equal(("h", "u", "p", "t", "/c", true), (host.Host, host.Username, host.Password, host.Token, host.CaFile, host.PlainHttp));
        Assert.Equal([new Uri("https://m")], host.Mirrors);
    }
}
