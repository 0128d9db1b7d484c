namespace Sleigh.Daemon.Configuration;

/// <summary>Variables that begin with SLEIGH_ and are no settings of the daemon: those of sleighctl, of client programs and of the build.</summary>
internal static class OtherVariables
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "SLEIGH_SOCKET", "SLEIGH_TOKEN", "SLEIGH_SESSION_TOKEN", "SLEIGH_API_KEY", "SLEIGH_URL",
    };

    private static readonly string[] Beginnings = ["SLEIGH_BENCH_", "SLEIGH_TEST_", "SLEIGH_UNIT_", "SLEIGH_INTEGRATION_", "SLEIGH_VM_"];

    internal static bool Has(string name) => Names.Contains(name) || Beginnings.Any(b => name.StartsWith(b, StringComparison.Ordinal));
}
