using System.Diagnostics;

namespace Sleigh.Runtime;

/// <summary>
/// The numbered steps of the changes that must survive a death of the daemon: each stands behind one effect. Where the environment
/// says <c>SLEIGH_TEST_DIE_AT=snapshot-3</c> the process kills itself (SIGKILL) at that step; without it this is one comparison.
/// </summary>
internal static class ChangeStep
{
    private static readonly string? DieAt = Environment.GetEnvironmentVariable("SLEIGH_TEST_DIE_AT");

    /// <summary>A step is done.</summary>
    /// <param name="change">What is being changed, as <c>rollback</c>.</param>
    /// <param name="number">Which of its steps, from 1 on.</param>
    public static void Done(string change, int number)
    {
        if (DieAt is not null && DieAt == FormattableString.Invariant($"{change}-{number}"))
        {
            using Process self = Process.GetCurrentProcess();
            self.Kill();
            Thread.Sleep(Timeout.Infinite);
        }
    }
}
