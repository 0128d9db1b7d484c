using System.Runtime.InteropServices;

namespace Sleigh.Linux;

/// <summary>What the kernel says about its clock: adjtimex(2), read only.</summary>
public static partial class SystemClock
{
    private const int Unsynchronised = 0x40; // STA_UNSYNC

    /// <summary>Whether somebody keeps the clock right, such as an NTP client; null where the kernel does not tell.</summary>
    public static unsafe bool? IsSynchronised()
    {
        // struct timex with modes 0: nothing is set. 208 bytes; status is the int at offset 40.
        byte* time = stackalloc byte[208];
        new Span<byte>(time, 208).Clear();
        return AdjustTime(time) < 0 ? null : (*(int*)(time + 40) & Unsynchronised) == 0;
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static unsafe partial int AdjustTime(byte* time);
}
