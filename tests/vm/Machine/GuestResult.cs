namespace Sleigh.VmTests.Machine;

/// <summary>How a command in the machine ended.</summary>
/// <param name="Command">What was run, as one line.</param>
/// <param name="ExitCode">Its exit code; 128 and the signal's number when a signal ended it.</param>
/// <param name="Stdout">What it wrote, as UTF-8.</param>
/// <param name="Stderr">What it complained about, as UTF-8.</param>
public sealed record GuestResult(string Command, int ExitCode, string Stdout, string Stderr)
{
    /// <summary>Standard output without the white space at its end: the answer of commands that print one line.</summary>
    public string Text => Stdout.TrimEnd();

    /// <summary>Fails with all that the command said when its exit code is not 0.</summary>
    /// <exception cref="GuestException">It failed.</exception>
    public GuestResult MustSucceed() => ExitCode == 0
        ? this
        : throw new GuestException($"'{Command}' ended with exit code {ExitCode}\nstderr: {Stderr.Trim()}\nstdout: {Stdout.Trim()}");
}
