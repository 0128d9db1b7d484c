using System.Diagnostics;
using Sleigh.TestSupport;

namespace Sleigh.VmTests.Scenarios;

/// <summary>The packages under test. What <c>make deb</c> left is taken, so that what is tested is what is shipped.</summary>
internal static class Packages
{
    private static readonly string Built = Path.Combine(Host.Repository, "artifacts", "deb");

    /// <summary>The package of this build; it must be there.</summary>
    public static string OfThisBuild => Single(Built, "sleigh_*.deb");

    /// <summary>The same programs in a package of a later version, made now.</summary>
    public static async Task<string> OfLaterVersionAsync(string version)
    {
        string folder = Path.Combine(Host.Repository, "artifacts", "deb-later");
        ProcessStartInfo start = new(Path.Combine(Host.Repository, "scripts", "deb.sh")) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["VERSION"] = version;
        start.Environment["SLEIGH_DEB_OUTPUT"] = folder;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"scripts/deb.sh ended with {process.ExitCode}: {output}{await errors}");
        return Single(folder, $"sleigh_{version}_*.deb");
    }

    private static string Single(string folder, string pattern)
    {
        string[] found = Directory.Exists(folder) ? Directory.GetFiles(folder, pattern) : [];
        Assert.True(found.Length == 1, $"{found.Length} files {pattern} in {folder}; make deb makes one");
        return found[0];
    }
}
