using System.Runtime.CompilerServices;
using Xunit;

namespace Sleigh.TestSupport;

/// <summary>
/// A test that needs something of the host. Where the host lacks it, the test is skipped and says what is missing;
/// with <c>CI=true</c> nothing is skipped, so that the test runs and fails.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HostFactAttribute : FactAttribute
{
    public HostFactAttribute(
        Need first,
        Need second = Need.Root,
        Need third = Need.Root,
        [CallerFilePath] string? sourceFilePath = null,
        [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        string[] missing = [.. new[] { first, second, third }.Distinct().Where(n => !Host.Has(n)).Select(n => n.ToString())];
        if (missing.Length > 0 && Environment.GetEnvironmentVariable("CI") != "true")
        {
            Skip = $"this host lacks {string.Join(", ", missing)}";
        }
    }
}
