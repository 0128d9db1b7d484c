using System.Runtime.InteropServices;

namespace Sleigh.Linux;

/// <summary>How many descriptors this process may have open: RLIMIT_NOFILE, getrlimit(2).</summary>
/// <param name="Soft">What is in force.</param>
/// <param name="Hard">Up to where anybody may raise that.</param>
public readonly partial record struct OpenFileLimit(ulong Soft, ulong Hard)
{
    private const int OpenFiles = 7;

    /// <summary>Reads it.</summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static OpenFileLimit Read() => Get(OpenFiles, out OpenFileLimit limit) == 0
        ? limit
        : throw KernelException.Last("read the limit of open files of", "this process");

    /// <summary>
    /// Raises the soft limit to the hard one and returns what is in force then. Programs that it starts inherit that. The .NET runtime does
    /// so itself, but not in programs that are compiled ahead of time (seen with .NET 10).
    /// </summary>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static OpenFileLimit Raise()
    {
        OpenFileLimit limit = Read();
        return limit.Soft == limit.Hard ? limit : SetSoft(limit.Hard);
    }

    internal static OpenFileLimit SetSoft(ulong soft)
    {
        OpenFileLimit limit = Read() with { Soft = soft };
        return Set(OpenFiles, in limit) == 0 ? limit : throw KernelException.Last($"set the limit of open files to {soft} of", "this process");
    }

    // struct rlimit: two words of 64 bits on both machines.
    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int Get(int resource, out OpenFileLimit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int Set(int resource, in OpenFileLimit limit);
}
