namespace Sleigh.Linux.KernelFiles;

/// <summary>
/// A kernel file could not be opened, read, written or removed. The message says what was done, to which file, with which
/// value, and what the kernel answered: <c>write '4096' to /sys/fs/cgroup/a/memory.high: ENOENT (No such file or directory)</c>.
/// </summary>
public sealed class KernelFileException : IOException
{
    /// <summary>Makes the error of one call.</summary>
    public KernelFileException(string operation, string path, string? value, Errno errno)
        : base($"{Describe(operation, path, value)}: {KernelException.Describe(errno)}")
    {
        Operation = operation;
        FilePath = path;
        Value = value;
        Errno = errno;
    }

    /// <summary>Makes an error with a reason of our own, for a file that is not what was expected.</summary>
    public KernelFileException(string operation, string path, string reason)
        : base($"{Describe(operation, path, null)}: {reason}")
    {
        Operation = operation;
        FilePath = path;
    }

    /// <summary>What was done: <c>open</c>, <c>read</c>, <c>write</c>, <c>make</c>, <c>remove</c>, <c>wait for</c>.</summary>
    public string Operation { get; }

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>The text that was to be written; null for other operations.</summary>
    public string? Value { get; }

    /// <summary>The kernel's error number; <see cref="Errno.None"/> when the kernel reported none.</summary>
    public Errno Errno { get; }

    /// <summary>True when the file, or the directory it was to be in, is not there (ENOENT, ENODEV).</summary>
    public bool IsMissing => Errno is Errno.ENOENT or Errno.ENODEV;

    private static string Describe(string operation, string path, string? value) =>
        value is null ? $"{operation} {path}" : $"{operation} '{value}' to {path}";
}
