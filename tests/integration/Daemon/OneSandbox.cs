using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A daemon of its own with one session and one sandbox of busybox.</summary>
internal sealed class OneSandbox : IAsyncDisposable
{
    private readonly TestImages _images;

    private OneSandbox(TestDaemon daemon)
    {
        Daemon = daemon;
        _images = new TestImages(daemon);
    }

    public TestDaemon Daemon { get; }

    public DaemonClient Client { get; private set; } = null!;

    public TestSandbox Sandbox { get; private set; } = null!;

    public string Id => Sandbox.Id;

    /// <summary>Starts all of it.</summary>
    /// <param name="settings">Keys such as <c>pool.size</c>, over the tests' own ones.</param>
    public static async Task<OneSandbox> StartAsync(params (string Key, string Value)[] settings)
    {
        OneSandbox one = new(new TestDaemon(settings));
        try
        {
            await one.Daemon.StartAsync();
            one.Client = await DaemonClient.NewSessionAsync(one.Daemon);
            one.Sandbox = new TestSandbox(one.Client, await one.Client.NewAsync(await one._images.HaveAsync(TestImages.Busybox)));
            return one;
        }
        catch (Exception)
        {
            await one.DisposeAsync();
            throw;
        }
    }

    /// <summary>Its snapshots as they are listed, newest first.</summary>
    public async Task<System.Text.Json.Nodes.JsonArray> SnapshotsAsync() =>
        (await Client.SendAsync("GET", $"/sandboxes/{Id}/snapshots", null, 200))["items"]!.AsArray();

    public async ValueTask DisposeAsync()
    {
        try
        {
            // A daemon that died is what the test tells of.
            if (Sandbox is not null && Daemon.IsAlive)
            {
                await Sandbox.DisposeAsync();
            }
        }
        finally
        {
            Client?.Dispose();
            _images.Dispose();
            await Daemon.DisposeAsync();
        }
    }
}
