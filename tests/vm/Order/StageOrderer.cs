using System.Reflection;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(StageOrderer))]
[assembly: TestCaseOrderer(typeof(InOrderOfSource))]

namespace Sleigh.VmTests.Order;

/// <summary>Runs test classes by their stage; those without one come first.</summary>
public sealed class StageOrderer : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(c => StageOf(c.TestCollectionDisplayName)).ThenBy(c => c.TestCollectionDisplayName, StringComparer.Ordinal)];

    // A class without a collection of its own is one, and the runner names it after the class.
    private static int StageOf(string collection) => typeof(StageOrderer).Assembly.GetTypes()
        .Where(t => t.FullName is string name && collection.Split(' ').Contains(name))
        .Select(t => t.GetCustomAttribute<StageAttribute>()?.Number)
        .FirstOrDefault() ?? 0;
}
