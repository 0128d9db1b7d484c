using System.Text.RegularExpressions;
using Sleigh.TestSupport;

namespace Sleigh.Architecture.Tests.Contract;

/// <summary>Each code of the contract comes out of a call in some test, which looks at its status too.</summary>
public sealed class ErrorCodeTests
{
    // The table of kinds names every code without a call.
    private const string Table = "tests/Api.Tests/ErrorKindTests.cs";

    private static readonly string[] Sources = [.. TestSources.All.Where(s => s.Path != Table).Select(s => s.Text)];

    [Fact]
    [ContractLine("T9")]
    public void Each_code_is_produced_by_a_test_with_its_status()
    {
        Assert.Equal(52, ErrorCodes.All.Count);
        Missing.None(ErrorCodes.All
            .Where(e => !ErrorCodes.Awaited.Contains(e.Code) && !IsProduced(e.Status, e.Code))
            .Select(e => $"no test looks at {e.Status}, \"{e.Code}\""));
    }

    [Fact]
    public void What_is_awaited_is_not_there_yet()
    {
        Missing.None(ErrorCodes.Awaited.Except(ErrorCodes.All.Select(e => e.Code)));
        Missing.None(ErrorCodes.All
            .Where(e => ErrorCodes.Awaited.Contains(e.Code) && IsProduced(e.Status, e.Code))
            .Select(e => $"{e.Code} is produced by a test and no longer awaited"));
    }

    // Answer.Is(409, "name_in_use"), Assert.Equal((409, "name_in_use"), ...), rows of a table, and "409 name_in_use: ..." alike.
    private static bool IsProduced(int status, string code)
    {
        Regex pair = new($@"\b{status},\s*(?:[^\n""(]*\? )?""{code}""|""{status} {code}\b", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(20));
        return Array.Exists(Sources, s => pair.IsMatch(s));
    }
}
