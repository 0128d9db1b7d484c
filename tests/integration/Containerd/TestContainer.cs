using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Support;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>A container whose root holds a few tiny programs and whose own one does nothing but wait.</summary>
internal sealed class TestContainer : IAsyncDisposable
{
    private readonly ContainerdClient _client;

    private TestContainer(ContainerdClient client, string id)
    {
        _client = client;
        Id = id;
    }

    public string Id { get; }

    public static async Task<TestContainer> MakeAsync(PrivateContainerd fixture)
    {
        string id = "t-" + Guid.NewGuid().ToString("N")[..12];
        string root = Directory.CreateDirectory(Path.Combine(fixture.Folder, id)).FullName;
        Directory.CreateDirectory(Path.Combine(root, "proc"));
        TinyProgram.Save(Path.Combine(root, "pause"), TinyProgram.Pause);
        TinyProgram.Save(Path.Combine(root, "seven"), TinyProgram.Exit(7));
        TinyProgram.Save(Path.Combine(root, "hello"), TinyProgram.Print("hello\n"));
        await fixture.Client.Containers.CreateAsync(new NewContainer { Id = id, Spec = Spec(id, root) });
        return new TestContainer(fixture.Client, id);
    }

    public static byte[] Process(params string[] args) => Encoding.UTF8.GetBytes(ProcessNode(args).ToJsonString());

    public async ValueTask DisposeAsync()
    {
        if (await _client.Tasks.FindAsync(Id) is { } task)
        {
            if (task.Status != ContainerTaskStatus.Stopped)
            {
                await _client.Tasks.KillAsync(Id, Signals.Kill, all: true);
                await _client.Tasks.WaitAsync(Id);
            }

            await _client.Tasks.DeleteAsync(Id);
        }

        await _client.Containers.DeleteAsync(Id);
    }

    private static JsonObject ProcessNode(params string[] args) => new()
    {
        ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
        ["args"] = new JsonArray([.. args.Select(a => JsonValue.Create(a))]),
        ["env"] = new JsonArray("PATH=/"),
        ["cwd"] = "/",
        ["noNewPrivileges"] = true,
    };

    private static byte[] Spec(string id, string root)
    {
        var spec = new JsonObject
        {
            ["ociVersion"] = "1.0.2",
            ["process"] = ProcessNode("/pause"),
            ["root"] = new JsonObject { ["path"] = root, ["readonly"] = true },
            ["mounts"] = new JsonArray(new JsonObject { ["destination"] = "/proc", ["type"] = "proc", ["source"] = "proc" }),
            ["linux"] = new JsonObject
            {
                ["cgroupsPath"] = $"/sleigh-test-{id}",
                ["namespaces"] = new JsonArray([.. new[] { "pid", "mount", "ipc", "uts", "network" }.Select(n => new JsonObject { ["type"] = n })]),
            },
        };
        return Encoding.UTF8.GetBytes(spec.ToJsonString());
    }
}
