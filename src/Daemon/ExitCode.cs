using Sleigh.Runtime;

namespace Sleigh.Daemon;

/// <summary>How sleighd ends: one number per kind of trouble, so that a service manager or script can tell them apart.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>Of <c>sleighd doctor</c>: a check failed.</summary>
    public const int CheckFailed = 1;

    public const int Usage = 2;
    public const int Host = 10;
    public const int AlreadyRunning = 11;
    public const int Containerd = 12;
    public const int Storage = 13;
    public const int Listen = 14;
    public const int Internal = 70;
    public const int Configuration = 78;

    public static int Of(StartFailureKind kind) => kind switch
    {
        StartFailureKind.AlreadyRunning => AlreadyRunning,
        StartFailureKind.Containerd => Containerd,
        StartFailureKind.Storage => Storage,
        StartFailureKind.Host => Host,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a start failure without an exit code"),
    };
}
