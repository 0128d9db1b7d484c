namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Tests that share one daemon; they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class DaemonCollection : ICollectionFixture<DaemonFixture>
{
    public const string Name = "daemon";
}
