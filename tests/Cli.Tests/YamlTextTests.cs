using System.Text.Json.Nodes;
using Sleigh.Cli.Output;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sleigh.Cli.Tests;

public sealed class YamlTextTests
{
    [Fact]
    public void Objects_and_lists_stand_in_blocks() => Assert.Equal(
        """
        id: sbx_1
        labels: {}
        items:
        - name: a
          tags:
          - x
          - []
          more:
            count: 1.5
        - "two words"
        - null
        time: "2026-01-05T09:00:00Z"
        ok: true

        """,
        YamlText.Of(JsonNode.Parse(
            """{"id":"sbx_1","labels":{},"items":[{"name":"a","tags":["x",[]],"more":{"count":1.5}},"two words",null],"time":"2026-01-05T09:00:00Z","ok":true}""")!));

    [Theory]
    [InlineData("yes")]
    [InlineData("Null")]
    [InlineData("")]
    [InlineData("1e3")]
    [InlineData("0x1f")]
    [InlineData("12:30:00")]
    [InlineData("- a")]
    [InlineData("a: b")]
    [InlineData("a #b")]
    [InlineData("a:")]
    [InlineData("{a}")]
    [InlineData("&a *b !c %d @e `f")]
    [InlineData("quote \" and \\ backslash")]
    [InlineData("two\nlines\r\n\ttab ")]
    [InlineData("\u001b[31m\u009b1m\u0000\u007f\u2028")]
    [InlineData("é 日本 \U0001F6F7")]
    [InlineData("sha256:0123")]
    [InlineData("/var/lib")]
    public void Any_text_is_read_back_as_the_same_text_and_steers_no_terminal(string text)
    {
        string yaml = YamlText.Of(new JsonObject { ["value"] = text, [text] = new JsonArray(text) });

        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        var root = (YamlMappingNode)stream.Documents[0].RootNode;
        var value = (YamlScalarNode)root.Children[new YamlScalarNode("value")];
        Assert.Equal(text, value.Value);
        Assert.Equal(text, ((YamlScalarNode)((YamlSequenceNode)root.Children[new YamlScalarNode(text)])[0]).Value);
        Assert.DoesNotContain(yaml, c => char.IsControl(c) && c != '\n');
        // Plain text must be text for every reader: no number, no boolean.
        Assert.True(value.Style == ScalarStyle.DoubleQuoted || text is "sha256:0123" or "/var/lib");
    }

    [Theory]
    [InlineData("{}", "{}\n")]
    [InlineData("[]", "[]\n")]
    [InlineData("\"a b\"", "\"a b\"\n")]
    [InlineData("[[1,2],[{}]]", "-\n  - 1\n  - 2\n-\n  - {}\n")]
    public void Small_things_have_a_form_too(string json, string yaml) => Assert.Equal(yaml, YamlText.Of(JsonNode.Parse(json)!));
}
