using Xunit.v3;

namespace Sleigh.TestSupport;

/// <summary>
/// Names the line of the contract's checklist that a test holds. Where several tests hold a line together, each says which
/// <see cref="Part"/> of it is its own. The lines are listed in tests/Architecture.Tests/Contract/Checklist.cs, where a test looks for
/// lines that no test names. Also a trait: <c>-trait "contract=T1"</c> runs the tests of a line.
/// </summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class ContractLineAttribute(string line) : Attribute, ITraitAttribute
{
    /// <summary>The line's id, such as <c>T1</c>.</summary>
    public string Line { get; } = line;

    /// <summary>What of the line this test holds; null: all of it.</summary>
    public string? Part { get; set; }

    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("contract", Line)];
}
