using System.Text.RegularExpressions;

namespace Sleigh.Architecture.Tests.Contract;

/// <summary>Each line of the contract's checklist is held by a test that says so.</summary>
public sealed partial class ChecklistTests
{
    [Fact]
    public void Every_line_is_named_by_a_test()
    {
        string[] named = [.. TestSources.Named.Select(n => n.Line).Distinct()];

        Missing.None(Checklist.Lines.Keys.Except(named).Except(Checklist.Awaited).Select(l => $"no test has [ContractLine(\"{l}\")]: {Checklist.Lines[l]}"));
        Missing.None(Checklist.Awaited.Intersect(named).Select(l => $"{l} has a test and is no longer awaited"));
        Assert.DoesNotContain(Checklist.Awaited, l => !Checklist.Lines.ContainsKey(l));
    }

    [Fact]
    public void Every_name_is_that_of_a_line_and_stands_over_a_test()
    {
        Assert.DoesNotContain(TestSources.Named, n => !Checklist.Lines.ContainsKey(n.Line));

        // What the pattern for methods does not find would hold nothing.
        int written = TestSources.All.Where(s => !s.Path.StartsWith("tests/Support/", StringComparison.Ordinal)).Sum(s => Written().Count(s.Text));
        Assert.Equal(written, TestSources.Named.Count);
        Assert.DoesNotContain(TestSources.Named, n => !IsTest(n.Path, n.Method));
    }

    // A line that stands over a helper would never be run.
    private static bool IsTest(string path, string method)
    {
        string text = TestSources.All.Single(s => s.Path == path).Text;
        int at = text.IndexOf($" {method}(", StringComparison.Ordinal);
        string before = text[Math.Max(0, at - 20_000)..at];
        string attributes = before[(before.LastIndexOf("\n\n", StringComparison.Ordinal) + 1)..];
        return Test().IsMatch(attributes);
    }

    [GeneratedRegex(@"\[ContractLine\(", RegexOptions.CultureInvariant)]
    private static partial Regex Written();

    [GeneratedRegex(@"\[(?:Fact|Theory|HostFact|HostTheory|MachineTest|\w*Fact)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Test();
}
