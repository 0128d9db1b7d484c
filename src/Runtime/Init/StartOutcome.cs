using Sleigh.Linux;

namespace Sleigh.Runtime.Init;

/// <summary>What became of a start.</summary>
public abstract record StartOutcome
{
    private StartOutcome()
    {
    }

    /// <summary>The program runs, or has run already.</summary>
    /// <param name="Pid">Its number inside the sandbox.</param>
    public sealed record Started(int Pid) : StartOutcome;

    /// <summary>It never ran.</summary>
    /// <param name="Stage">The step that failed.</param>
    /// <param name="Errno">What the kernel said there.</param>
    public sealed record Failed(StartStage Stage, Errno Errno) : StartOutcome
    {
        /// <summary>One phrase for a log: <c>WorkingDirectory: ENOENT (No such file or directory)</c>.</summary>
        public string Describe() => $"{Stage}: {KernelException.Describe(Errno)}";
    }
}
