namespace Sleigh.IntegrationTests.Contract;

/// <summary>The lines of the contract, which share a daemon of their own; they run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class ContractCollection : ICollectionFixture<ContractFixture>
{
    public const string Name = "contract";
}
