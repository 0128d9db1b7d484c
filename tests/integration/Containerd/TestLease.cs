using Sleigh.Containerd;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Keeps what a test makes, and lets go of it at the end.</summary>
internal sealed class TestLease : IAsyncDisposable
{
    private readonly ContainerdClient _client;
    private readonly string _id;

    private TestLease(ContainerdClient client, string id)
    {
        _client = client;
        _id = id;
        Client = client.WithLease(id);
    }

    public ContainerdClient Client { get; }

    public static async Task<TestLease> MakeAsync(ContainerdClient client)
    {
        string id = Guid.NewGuid().ToString("N");
        await client.Leases.CreateAsync(id);
        return new TestLease(client, id);
    }

    public async ValueTask DisposeAsync() => await _client.Leases.DeleteAsync(_id, collect: true);
}
