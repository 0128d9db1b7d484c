using Xunit.Sdk;
using Xunit.v3;

namespace Sleigh.VmTests.Machine;

/// <summary>
/// Runs the tests of a class in the order in which its file has them: each is a step of one story.
/// <c>[TestCaseOrderer(typeof(InOrderOfSource))]</c>
/// </summary>
public sealed class InOrderOfSource : ITestCaseOrderer
{
    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase => [.. testCases.OrderBy(c => c.SourceLineNumber ?? int.MaxValue)];
}
