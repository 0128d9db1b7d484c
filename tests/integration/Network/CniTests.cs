using System.Text.Json.Nodes;
using Sleigh.Network;
using Sleigh.Network.Cni;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Network;

/// <summary>Calls of Debian's plugins and of plugins that misbehave.</summary>
public sealed class CniTests
{
    [HostFact(Need.Root, Need.Networking)]
    public async Task The_plugins_of_this_host_know_the_version_they_are_called_in()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();

        Assert.Empty(await SandboxNetwork.MissingAsync(world.Options, CancellationToken.None));
        string missing = string.Join('\n', await SandboxNetwork.MissingAsync(world.Options with { PluginDirectory = "/nowhere" }, CancellationToken.None));
        Assert.Equal("there is no CNI plugin /nowhere/loopback\nthere is no CNI plugin /nowhere/bridge\nthere is no CNI plugin /nowhere/host-local", missing);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task A_plugin_that_refuses_is_named_with_its_code_and_what_it_said()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        CniRuntime runtime = new("/usr/lib/cni", new NetworkPlace(world.Host));
        CniNetwork network = new("wrong", new JsonObject { ["type"] = "bridge", ["bridge"] = "b", ["vlan"] = 99999, ["ipam"] = new JsonObject() });

        CniException refused = await Assert.ThrowsAsync<CniException>(
            () => runtime.AddAsync(network, new CniAttachment("one", world.Outside, "eth9"), CancellationToken.None));

        Assert.Equal("CNI plugin bridge failed in ADD with code 999: invalid VLAN ID 99999 (must be between 0 and 4094)", refused.Message);
        Assert.Equal(
            "CNI plugin bridge failed in ADD with code 4: ",
            (await Assert.ThrowsAsync<CniException>(() => runtime.AddAsync(network, new CniAttachment("-", world.Outside, "eth9"), CancellationToken.None))).Message[..45]);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task A_check_finds_what_was_changed_behind_our_back()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();
        SandboxNamespace one = await network.TakeAsync(CancellationToken.None);
        await network.CheckAsync(one.Name, CancellationToken.None);

        await world.ShellAsync(one.Path, "ip address flush dev eth0");

        CniException found = await Assert.ThrowsAsync<CniException>(() => network.CheckAsync(one.Name, CancellationToken.None));
        Assert.Equal(("bridge", "CHECK"), (found.Plugin, found.Command));
        await network.RemoveAllAsync(CancellationToken.None);
    }

    [HostFact(Need.Root, Need.Networking)]
    public async Task When_a_later_plugin_fails_the_earlier_ones_are_taken_back()
    {
        await using NetworkWorld world = await NetworkWorld.MakeAsync();
        await using SandboxNetwork network = await world.OpenAsync();
        string plugins = $"{world.State}/plugins";
        Directory.CreateDirectory(plugins);
        foreach (string plugin in (string[])["loopback", "host-local"])
        {
            File.CreateSymbolicLink($"{plugins}/{plugin}", $"/usr/lib/cni/{plugin}");
        }

        // Gets an address, says how it was called, and breaks down.
        string log = $"{world.State}/calls";
        await File.WriteAllTextAsync($"{plugins}/bridge", $$"""
            #!/bin/sh
            config=$(cat)
            echo "$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_PATH $config" >> {{log}}
            printf %s "$config" | {{plugins}}/host-local > /dev/null
            [ "$CNI_COMMAND" = DEL ] || { echo broken >&2; exit 3; }
            """);
        File.SetUnixFileMode($"{plugins}/bridge", UnixFileMode.UserRead | UnixFileMode.UserExecute);
        await using SandboxNetwork broken = await world.OpenAsync(world.Options with { PluginDirectory = plugins });

        CniException failed = await Assert.ThrowsAsync<CniException>(() => broken.TakeAsync(CancellationToken.None));

        Assert.Equal("CNI plugin bridge failed in ADD: it ended with 3 and said 'broken'", failed.Message);
        string[] calls = await File.ReadAllLinesAsync(log);
        Assert.Equal(["ADD", "DEL", "DEL"], calls.Select(c => c.Split(' ')[0]));
        string[] words = calls[0].Split(' ');
        Assert.Equal($"{world.State}/network/namespaces/{words[1]} eth0 {plugins}", string.Join(' ', words[2..5]));
        JsonNode config = JsonNode.Parse(string.Join(' ', words[5..]))!;
        Assert.Equal(("1.0.0", $"sleigh-{world.Instance}", "bridge"), ((string)config["cniVersion"]!, (string)config["name"]!, (string)config["type"]!));
        Assert.Empty(Directory.GetFiles($"{world.State}/network/namespaces"));
        Assert.Empty(Directory.GetFiles($"{world.State}/network/addresses/sleigh-{world.Instance}", "10.*"));
        await broken.RemoveAllAsync(CancellationToken.None);
    }
}
