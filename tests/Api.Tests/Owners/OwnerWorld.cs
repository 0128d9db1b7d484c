using System.Text;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Owners;

/// <summary>Two sessions, each with a sandbox, a command, a snapshot, a mount; the stranger tries what is the owner's.</summary>
internal sealed class OwnerWorld : IAsyncDisposable
{
    private OwnerWorld(TestApi api) => Api = api;

    public TestApi Api { get; }

    /// <summary>Whose things are tried.</summary>
    public Party Owner { get; private set; } = null!;

    /// <summary>Who tries.</summary>
    public Party Stranger { get; private set; } = null!;

    public static async Task<OwnerWorld> StartAsync()
    {
        OwnerWorld world = new(await TestApi.StartAsync());
        world.Owner = await world.PartyAsync();
        world.Stranger = await world.PartyAsync();
        return world;
    }

    /// <summary>A call of the stranger; a body where the method takes one.</summary>
    public Task<Answer> StrangerAsync(string method, string path, string? body = null) =>
        Api.SendAsync(method, path, body ?? (method is "POST" or "PUT" ? "{}" : null), Stranger.Token);

    /// <summary>All that the owner has, as text: equal before and after a call that did not touch it.</summary>
    public string Holdings()
    {
        StringBuilder text = new();
        SandboxId id = SandboxId.Parse(Owner.Sandbox);
        text.AppendLine($"{Api.Sandboxes.Find(id)}");
        text.AppendJoin('\n', Api.Sandboxes.Snapshots(id)).AppendLine();
        text.AppendJoin('\n', Api.Execs.List(null, id, 100, null)).AppendLine();
        text.AppendJoin('\n', Api.Mounts.List(id)).AppendLine();
        text.AppendLine($"{Api.Files.Written.Count(w => w.Sandbox == id)} files, {Api.Execs.Received}");
        text.AppendLine($"{Api.Sessions.Authenticate(Owner.Token)}");
        return text.ToString();
    }

    public ValueTask DisposeAsync() => Api.DisposeAsync();

    private async Task<Party> PartyAsync()
    {
        (string token, string sandbox) = await Api.SandboxAsync();
        Answer exec = await Api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep"}""", token);
        Answer snapshot = await Api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token);
        Answer mount = await Api.SendAsync("POST", $"/sandboxes/{sandbox}/mounts", """{"workspace_path":"/","container_path":"/data"}""", token);
        return new Party(token, Api.Sessions.Authenticate(token)!.Id.ToString(), sandbox, exec.Text("id"), snapshot.Text("id"), mount.Text("id"));
    }
}

/// <summary>A session and what it has.</summary>
internal sealed record Party(string Token, string Session, string Sandbox, string Exec, string Snapshot, string Mount)
{
    /// <summary>Everything that must never show in a reply to somebody else.</summary>
    public string[] Ids => [Token, Session, Sandbox, Exec, Snapshot, Mount];
}
