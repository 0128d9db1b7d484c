using System.Text.Json.Nodes;
using Sleigh.Network.Cni;

namespace Sleigh.Network.Tests;

public sealed class CniTextTests
{
    private const string Bridge =
        """
        {"cniVersion":"1.0.0","interfaces":[{"name":"sandboxes","mac":"aa:00:00:00:00:01"},{"name":"veth1","mac":"aa:00:00:00:00:02"},
         {"name":"eth0","mac":"aa:00:00:00:00:03","sandbox":"/run/x"}],
         "ips":[{"interface":2,"address":"10.87.0.2/16","gateway":"10.87.0.1"},{"interface":2,"address":"fd00::2/64","gateway":"fd00::1"}],
         "routes":[{"dst":"0.0.0.0/0"}],"dns":{},"new":{"in":"2.0"}}
        """;

    [Fact]
    public void A_result_is_read_and_kept_whole()
    {
        CniResult result = CniResult.Parse(Bridge);

        Assert.Equal(new SandboxAddresses(
            "veth1", "aa:00:00:00:00:03", System.Net.IPAddress.Parse("10.87.0.2"), System.Net.IPAddress.Parse("fd00::2"), System.Net.IPAddress.Parse("10.87.0.1")),
            NamespaceFactory.AddressesIn(result, "/run/x"));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Bridge), result.Json));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"ips\":[{\"address\":\"10.87.0.2\"}]}")]
    [InlineData("{\"ips\":[{}]}")]
    [InlineData("{\"interfaces\":[{\"mac\":\"aa\"}]}")]
    [InlineData("{\"interfaces\":[{\"name\":7}]}")]
    public void What_is_no_result_is_refused_and_quoted(string text) =>
        Assert.Contains($"'{text}'", Assert.Throws<FormatException>(() => CniResult.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"ips\":[]}", "no interface in /run/x")]
    [InlineData("{\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"/run/x\"}]}", "no end of the link outside the namespace")]
    [InlineData("{\"interfaces\":[{\"name\":\"v\"},{\"name\":\"eth0\",\"sandbox\":\"/run/x\"}]}", "no IPv4 address")]
    public void A_result_that_lacks_what_is_needed_says_what(string text, string expected) => Assert.Contains(
        expected, Assert.Throws<CniException>(() => NamespaceFactory.AddressesIn(CniResult.Parse(text), "/run/x")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{\"cniVersion\":\"1.0.0\",\"code\":7,\"msg\":\"bad\",\"details\":\"very\"}", "", 7, "CNI plugin bridge failed in ADD with code 7: bad; very")]
    [InlineData("{\"code\":11,\"msg\":\"again\"}", "", 11, "CNI plugin bridge failed in ADD with code 11: again")]
    [InlineData("{\"code\":100}", "", 100, "CNI plugin bridge failed in ADD with code 100: no message")]
    [InlineData("{\"code\":\"7\"}", "panic", 0, "CNI plugin bridge failed in ADD: it ended with 2 and said 'panic'")]
    [InlineData("oops", "", 0, "CNI plugin bridge failed in ADD: it ended with 2 and said 'oops'")]
    public void An_error_is_read_from_standard_output_else_told_as_it_was_said(string output, string errors, int code, string text)
    {
        CniException error = CniException.From("bridge", "ADD", new ProgramEnd(2, output, errors));

        Assert.Equal((code, text), (error.Code, error.Message));
    }

    [Fact]
    public void A_plugin_gets_name_version_and_the_result_before_it_and_not_its_capabilities()
    {
        JsonObject plugin = new() { ["type"] = "firewall", ["capabilities"] = new JsonObject { ["portMappings"] = true } };
        CniNetwork network = new("sleigh-1", plugin);

        JsonObject execution = network.Execution(plugin, CniResult.Parse(Bridge));

        Assert.Equal(["type", "cniVersion", "name", "prevResult"], execution.Select(member => member.Key));
        Assert.Equal(("1.0.0", "sleigh-1"), ((string)execution["cniVersion"]!, (string)execution["name"]!));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Bridge), execution["prevResult"]));
        Assert.NotNull(plugin["capabilities"]);
        Assert.Null(network.Execution(plugin, null)["prevResult"]);
        Assert.Throws<ArgumentException>(() => new CniNetwork("-x", plugin));
        Assert.Throws<ArgumentException>(() => new CniNetwork("x", new JsonObject()));
    }
}
