using Sleigh.Network;

namespace Sleigh.IntegrationTests.Network;

/// <summary>A world with a name server at 198.51.100.3, which says what it was asked.</summary>
internal sealed class NameWorld : IAsyncDisposable
{
    private const string Server = "198.51.100.3";

    private NameWorld(NetworkWorld world) => World = world;

    public NetworkWorld World { get; }

    private string Asked => $"{World.State}/asked";

    public static async Task<NameWorld> MakeAsync(bool six = false)
    {
        NameWorld world = new(await NetworkWorld.MakeAsync(six));
        await world.World.ShellAsync(world.World.Outside, $"ip address add {Server}/32 dev eth0");
        Assert.Equal("ready", await world.World.Start(world.World.Outside, "names", Server, world.Asked).ReadLineAsync());
        return world;
    }

    public async Task<SandboxNetwork> OpenAsync(NetworkOptions? options = null)
    {
        SandboxNetwork network = await World.OpenAsync(options ?? World.Options);
        network.ServeNames(() => [System.Net.IPAddress.Parse(Server)]);
        return network;
    }

    /// <summary>The code of the answer and the addresses in it.</summary>
    public static async Task<string> AskAsync(SandboxNamespace from, string name, string type = "A", string protocol = "udp") =>
        (await NetworkWorld.PythonAsync(from.Path, "lookup", from.Addresses.Gateway.ToString(), name, type, protocol)).Trim();

    /// <summary>The names that the server was asked for.</summary>
    public IReadOnlyList<string> Names() => File.Exists(Asked) ? File.ReadAllLines(Asked) : [];

    /// <summary>The elements of the sandbox's maps, as nft shows them.</summary>
    public async Task<string> MapsAsync() => await World.NftAsync(World.Router, "list", "maps");

    public ValueTask DisposeAsync() => World.DisposeAsync();

    public static async Task ApplyAsync(SandboxNetwork network, SandboxNamespace on, EgressMode mode, string[] allow, string[]? deny = null)
    {
        EgressPolicy policy = new() { Mode = mode, AllowNames = [.. allow.Select(Rule)], DenyNames = [.. (deny ?? []).Select(Rule)] };
        await network.ApplyAsync(on.Name, policy, CancellationToken.None);
        network.Note(on, policy);
    }

    public static NameRule Rule(string text) => NameRule.TryParse(text, out NameRule? rule, out _) ? rule! : throw new FormatException(text);
}
