using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>One daemon with its images for the tests of a collection; at its end nothing of it may be left.</summary>
public class DaemonFixture : IAsyncLifetime
{
    private TestDaemon? _daemon;
    private TestImages? _images;
    private DaemonClient? _client;

    /// <summary>Whether the host has what a daemon needs; the tests skip themselves where it has not.</summary>
    public static bool IsPossible =>
        Host.Has(Need.Root) && Host.Has(Need.Containerd) && Host.Has(Need.Runc) && Host.Has(Need.InitBinary) && Host.Has(Need.CgroupV2);

    public TestDaemon Daemon => _daemon ?? throw new InvalidOperationException("this host cannot run the daemon");

    public TestImages Images => _images ?? throw new InvalidOperationException("this host cannot run the daemon");

    /// <summary>A session that all tests of the collection share.</summary>
    public DaemonClient Client => _client ?? throw new InvalidOperationException("this host cannot run the daemon");

    /// <summary>A new sandbox of the shared session.</summary>
    public async Task<TestSandbox> SandboxAsync(string image, System.Text.Json.Nodes.JsonObject? more = null) =>
        new(Client, await Client.NewAsync(await Images.HaveAsync(image), more));

    /// <summary>Makes the daemon, and what it needs before it starts.</summary>
    protected virtual Task<TestDaemon> MakeAsync() => Task.FromResult(new TestDaemon());

    /// <summary>Takes away what <see cref="MakeAsync"/> made beside the daemon, which has ended.</summary>
    protected virtual ValueTask EndAsync() => ValueTask.CompletedTask;

    public async ValueTask InitializeAsync()
    {
        if (!IsPossible)
        {
            return;
        }

        _daemon = await MakeAsync();
        _images = new TestImages(_daemon);
        await _daemon.StartAsync();
        _client = await DaemonClient.NewSessionAsync(_daemon);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        _images?.Dispose();
        if (_daemon is not null)
        {
            await _daemon.DisposeAsync();
        }

        await EndAsync();
        GC.SuppressFinalize(this);
    }
}
