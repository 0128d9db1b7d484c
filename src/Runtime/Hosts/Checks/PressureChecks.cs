using Sleigh.Linux;
using Sleigh.Linux.KernelFiles;

namespace Sleigh.Runtime.Checks;

/// <summary>Pressure figures (PSI), and how fast the kernel is willing to report them.</summary>
internal static class PressureChecks
{
    private const string MemoryFile = "/proc/pressure/memory";

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    public static IEnumerable<HostCheck> List() =>
    [
        new("psi", () => Figures(Text())),
        new("psi windows", () => Text() is null
            ? Finding.Warn("no pressure figures", "see psi")
            : Windows(PressureTrigger.Try(MemoryFile, Short), PressureTrigger.Try(MemoryFile, Long))),
    ];

    internal static Finding Figures(string? text) => text?.StartsWith("some ", StringComparison.Ordinal) == true
        ? Finding.Ok("pressure figures are on")
        : Finding.Warn("no pressure figures", "add psi=1 to GRUB_CMDLINE_LINUX in /etc/default/grub, run update-grub, reboot");

    /// <summary>What the kernel said to a trigger with a window of half a second, and to one of two seconds.</summary>
    internal static Finding Windows(Errno half, Errno two) => (half, two) switch
    {
        (Errno.None, _) => Finding.Ok("windows of 500 ms are allowed"),
        (_, Errno.None) => Finding.Warn(
            "only windows that are multiples of 2 s: this process lacks CAP_SYS_RESOURCE", "systemctl edit sleigh, and let it keep CAP_SYS_RESOURCE"),
        _ => Finding.Warn($"no windows at all: {KernelException.Describe(two)}", "run sleighd as root"),
    };

    // With psi=0 the file may be there, and a read says that it is not supported.
    private static string? Text()
    {
        using KernelDirectory? folder = KernelDirectory.TryOpen(Path.GetDirectoryName(MemoryFile)!);
        return folder?.TryRead(Path.GetFileName(MemoryFile));
    }
}
