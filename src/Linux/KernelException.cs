using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// A system call that the kernel refused. The text says what we did, to what, and the error's name and meaning:
/// <c>make directory '/run/x': EEXIST (File exists)</c>.
/// </summary>
public sealed class KernelException : IOException
{
    /// <summary>Makes the error of one refused call.</summary>
    /// <param name="action">What we did, as a verb: <c>open</c>, <c>move mount</c>.</param>
    /// <param name="target">To what: a path or a device.</param>
    /// <param name="errno">What the kernel said.</param>
    /// <param name="detail">What the kernel or the caller can add, such as the mount log.</param>
    public KernelException(string action, string target, Errno errno, string? detail = null)
        : base($"{action} '{target}': {Describe(errno)}{(detail is { Length: > 0 } ? $": {detail}" : "")}")
    {
        Action = action;
        Target = target;
        Errno = errno;
        HResult = (int)errno; // as .NET's own file calls do, so that one filter serves both
    }

    /// <summary>The kernel's error number.</summary>
    public Errno Errno { get; }

    /// <summary>What we did.</summary>
    public string Action { get; }

    /// <summary>To what we did it.</summary>
    public string Target { get; }

    /// <summary>Name and meaning: <c>ENOSPC (No space left on device)</c>.</summary>
    public static string Describe(Errno errno) =>
        Enum.IsDefined(errno)
            ? $"{errno} ({Marshal.GetPInvokeErrorMessage((int)errno)})"
            : $"errno {(int)errno}";

    /// <summary>The error of the P/Invoke that this thread made last.</summary>
    public static KernelException Last(string action, string target, string? detail = null) =>
        new(action, target, (Errno)Marshal.GetLastPInvokeError(), detail);

    internal static KernelException Last(string action, SafeFileHandle directory, KernelPath path)
    {
        var errno = (Errno)Marshal.GetLastPInvokeError();
        return new KernelException(action, Descriptors.Describe(directory, path), errno);
    }
}
