namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Tests that share one daemon whose sandboxes are on a network; they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class NetworkCollection : ICollectionFixture<NetworkFixture>
{
    public const string Name = "daemon with a network";
}
