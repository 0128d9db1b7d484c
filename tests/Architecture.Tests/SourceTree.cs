using System.Diagnostics;
using Sleigh.TestSupport;

namespace Sleigh.Architecture.Tests;

/// <summary>The files that belong to the repository.</summary>
internal static class SourceTree
{
    /// <summary>Paths relative to the top, as git lists them: tracked, or new and not ignored.</summary>
    public static IReadOnlyList<string> Files { get; } = List();

    public static string Absolute(string file) => Path.Combine(Host.Repository, file);

    private static string[] List()
    {
        ProcessStartInfo info = new("git") { RedirectStandardOutput = true, WorkingDirectory = Host.Repository };
        // safe.directory: the tests may run as another user than the one who cloned.
        foreach (string argument in (string[])["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            info.ArgumentList.Add(argument);
        }

        using var git = Process.Start(info)!;
        string names = git.StandardOutput.ReadToEnd();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        return [.. names.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(f => File.Exists(Absolute(f))).Order(StringComparer.Ordinal)];
    }
}
