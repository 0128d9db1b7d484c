namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Tests that count the process's descriptors run alone.</summary>
[CollectionDefinition(nameof(CountsDescriptors), DisableParallelization = true)]
public sealed class CountsDescriptors;
