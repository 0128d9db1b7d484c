using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sleigh.Linux;

/// <summary>
/// syscall(2) for calls that the C library of the oldest host we support does not wrap (glibc has fsopen and its
/// family only since 2.36).
/// </summary>
internal static partial class Syscall
{
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint Invoke(nint number, nint a, nint b = 0, nint c = 0, nint d = 0, nint e = 0);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint Invoke(nint number, SafeFileHandle a, nint b = 0, nint c = 0, nint d = 0, nint e = 0);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint Invoke(
        nint number, SafeFileHandle a, nint b, SafeFileHandle c, nint d = 0, nint e = 0);
}
