namespace Sleigh.Linux.KernelFiles;

/// <summary>The error numbers that kernel files are asked about; the same on x86-64 and arm64.</summary>
internal static class KernelErrno
{
    internal const int NoEntry = 2;
    internal const int Interrupted = 4;
    internal const int Busy = 16;
    internal const int Exists = 17;
    internal const int NoDevice = 19;
    internal const int NoProcess = 3;

    // Reading a pressure file of a kernel started with psi=0.
    internal const int NotSupported = 95;
}
