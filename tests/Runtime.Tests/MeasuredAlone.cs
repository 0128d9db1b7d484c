namespace Sleigh.Runtime.Tests;

/// <summary>Tests that look at the memory of their process, in which nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(MeasuredAlone), DisableParallelization = true)]
public sealed class MeasuredAlone;
