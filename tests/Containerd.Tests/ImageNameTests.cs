namespace Sleigh.Containerd.Tests;

public sealed class ImageNameTests
{
    [Theory]
    [InlineData("python:3.11-slim", "docker.io/library/python:3.11-slim", "python:3.11-slim")]
    [InlineData("quickstart", "docker.io/library/quickstart:latest", "quickstart:latest")]
    [InlineData("sleigh/debian:bookworm", "docker.io/sleigh/debian:bookworm", "sleigh/debian:bookworm")]
    [InlineData("docker.io/python", "docker.io/library/python:latest", "python:latest")]
    [InlineData("index.docker.io/library/python", "docker.io/library/python:latest", "python:latest")]
    [InlineData("localhost/a/b:c", "localhost/a/b:c", "localhost/a/b:c")]
    [InlineData("localhost:5000/a", "localhost:5000/a:latest", "localhost:5000/a:latest")]
    [InlineData("registry.example/a_b/c--d:V1.0", "registry.example/a_b/c--d:V1.0", "registry.example/a_b/c--d:V1.0")]
    public void A_name_is_completed_as_docker_does(string text, string full, string familiar)
    {
        ImageName name = ImageName.Parse(text);

        Assert.Equal((full, familiar), (name.ToString(), name.Familiar));
        Assert.Equal(name, ImageName.Parse(full));
    }

    [Fact]
    public void A_digest_needs_no_tag()
    {
        string digest = "sha256:" + new string('0', 64);

        Assert.Equal($"docker.io/library/a@{digest}", ImageName.Parse($"a@{digest}").ToString());
        Assert.Equal($"docker.io/library/a:b@{digest}", ImageName.Parse($"a:b@{digest}").ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("Python")]
    [InlineData("a b")]
    [InlineData("a:")]
    [InlineData("a:b:c")]
    [InlineData("a@sha256:1234")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("../a")]
    [InlineData("a/../b")]
    [InlineData("-a")]
    [InlineData("host.example:99999999/a")]
    [InlineData("a\n")]
    public void Anything_else_is_refused(string text)
    {
        Assert.False(ImageName.TryParse(text, null, out _));
        var error = Assert.Throws<ImageException>(() => ImageName.Parse(text));
        Assert.Equal(ImageErrorKind.InvalidName, error.Kind);
        Assert.Equal($"'{text}' is not an image name; it is [host/]path[:tag][@sha256:digest] in lower case", error.Message);
    }

    [Fact]
    public void A_name_that_is_too_long_is_refused() => Assert.False(ImageName.TryParse(new string('a', 256), null, out _));
}
