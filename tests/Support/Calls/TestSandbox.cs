using System.Text.Json.Nodes;
using Xunit;

namespace Sleigh.TestSupport;

/// <summary>A sandbox that is deleted at the end of the test.</summary>
public sealed class TestSandbox(DaemonClient client, string id) : IAsyncDisposable
{
    public string Id { get; } = id;

    public Task<ExecReply> ExecAsync(string command, JsonObject? more = null) => client.ExecAsync(Id, command, more);

    public Task<string> RunAsync(string command, JsonObject? more = null) => client.RunAsync(Id, command, more);

    public Task<string> StartAsync(string command, JsonObject? more = null) => client.StartAsync(Id, command, more);

    public Task<ExecReply> FinalAsync(string exec, int seconds = 120) => client.FinalAsync(Id, exec, seconds);

    /// <summary>The sandbox as it is shown.</summary>
    public Task<JsonObject> ViewAsync() => client.SendAsync("GET", $"/sandboxes/{Id}", null, 200);

    public Task<string> SnapshotAsync() => client.SnapshotAsync(Id);

    public Task<JsonObject> RollbackAsync(string snapshot) => client.RollbackAsync(Id, snapshot);

    public Task PutAsync(string path, byte[] content, string mode = "0755") => client.PutAsync(Id, path, content, mode);

    /// <summary>The name of the slot it runs in, as its cgroup says.</summary>
    public async Task<string> SlotAsync()
    {
        string groups = await RunAsync("cat /proc/self/cgroup");
        return groups.Split('/', '\n').First(part => part.StartsWith("slot-", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        (int status, JsonObject body) = await client.CallAsync("DELETE", $"/sandboxes/{Id}");
        Assert.True(status is 204 or 404, $"delete of {Id}: {status} {body.ToJsonString()}");
    }
}
