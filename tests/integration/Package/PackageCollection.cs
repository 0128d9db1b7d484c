namespace Sleigh.IntegrationTests.Package;

/// <summary>Tests that share one build of the package.</summary>
[CollectionDefinition(Name)]
public sealed class PackageCollection : ICollectionFixture<PackageFixture>
{
    public const string Name = "package";
}
