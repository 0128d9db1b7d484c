namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A daemon whose operator allows the host's network.</summary>
public sealed class HostNetworkFixture : DaemonFixture
{
    /// <summary>What such a daemon must have.</summary>
    public static (string Key, string Value)[] Settings { get; } = [("network.allow_host", "true"), ("http.api_key", "key-of-the-operator"), ("pool.size", "1")];

    /// <inheritdoc/>
    protected override Task<TestDaemon> MakeAsync() => Task.FromResult(new TestDaemon(Settings));
}
