using System.Text;

namespace Sleigh.Containerd.Tests.Exports;

public sealed class ImageTextTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_layer_is_added_and_all_else_stays()
    {
        string below = """
            {"created":"2020-01-01T00:00:00Z","author":"someone","architecture":"amd64","os":"linux","variant":"v1",
             "config":{"Env":["A=b"],"Labels":{"x":"y"},"Volumes":{"/v":{}},"Healthcheck":{"Test":["NONE"]}},
             "rootfs":{"type":"layers","diff_ids":["sha256:a"]},"history":[{"created_by":"first"},{"created_by":"env","empty_layer":true}]}
            """;

        string above = Encoding.UTF8.GetString(ImageText.WithLayer(Encoding.UTF8.GetBytes(below), "sha256:b", At, "sleigh snapshot snap_1 of sbx_2"));

        Assert.Equal(
            """{"created":"2026-01-02T03:04:05.0000000Z","author":"someone","architecture":"amd64","os":"linux","variant":"v1" """.Trim()
            + ""","config":{"Env":["A=b"],"Labels":{"x":"y"},"Volumes":{"/v":{}},"Healthcheck":{"Test":["NONE"]}}"""
            + ""","rootfs":{"type":"layers","diff_ids":["sha256:a","sha256:b"]},"history":[{"created_by":"first"},{"created_by":"env","empty_layer":true},"""
            + """{"created":"2026-01-02T03:04:05.0000000Z","created_by":"sleigh snapshot snap_1 of sbx_2"}]}""",
            above);
    }

    [Fact]
    public void An_image_without_a_history_gets_none()
    {
        byte[] above = ImageText.WithLayer("""{"os":"linux","rootfs":{"diff_ids":[]}}"""u8, "sha256:b", At, "x");

        Assert.Equal("""{"os":"linux","rootfs":{"diff_ids":["sha256:b"]},"created":"2026-01-02T03:04:05.0000000Z"}""", Encoding.UTF8.GetString(above));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"rootfs":{"diff_ids":"x"}}""")]
    [InlineData("""{"rootfs":{"diff_ids":["sha256:a"]""")]
    public void What_is_no_configuration_is_refused(string json)
    {
        ImageException refused = Assert.Throws<ImageException>(() => ImageText.WithLayer(Encoding.UTF8.GetBytes(json), "sha256:b", At, "x"));

        Assert.Equal((ImageErrorKind.InvalidImage, "the image's configuration is no JSON object that names its layers"), (refused.Kind, refused.Message));
    }

    [Theory]
    [InlineData(null, """{"Env":["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["/bin/sh"]}""")]
    [InlineData("""{"config":{"User":"anna","Env":["A=b"]},"history":[{}],"author":"someone"}""", """{"User":"anna","Env":["A=b"]}""")]
    public void An_image_of_one_layer_has_plain_settings_or_those_of_a_model(string? model, string settings)
    {
        byte[] image = ImageText.OfOneLayer(model is null ? null : Encoding.UTF8.GetBytes(model), "sha256:b", At);

        Assert.Equal(
            $$$"""{"created":"2026-01-02T03:04:05.0000000Z","architecture":"{{{OciPlatform.Host.Architecture}}}","os":"linux","config":{{{settings}}},"rootfs":{"type":"layers","diff_ids":["sha256:b"]}}""",
            Encoding.UTF8.GetString(image));
    }
}
