namespace Sleigh.Api.Tests;

/// <summary>Tests that measure time or memory run beside no others.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneCollection
{
    public const string Name = "alone";
}
