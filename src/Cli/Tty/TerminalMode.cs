using System.Runtime.InteropServices;

namespace Sleigh.Cli.Tty;

/// <summary>
/// Other settings of the terminal for a while. They are put back when this is disposed, and as soon as a signal asks the process to end: the
/// second one ends it without another line of ours.
/// </summary>
internal sealed class TerminalMode : IDisposable
{
    private readonly string _before;
    private readonly List<PosixSignalRegistration> _signals = [];
    private int _restored;

    private TerminalMode(string before)
    {
        _before = before;
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, _ => Restore()));
        }
    }

    /// <summary>Everything typed goes through as it is: for a terminal inside a sandbox.</summary>
    /// <exception cref="CliException">The terminal's settings cannot be read or changed.</exception>
    public static TerminalMode Raw() => Enter("raw", "-echo");

    /// <summary>Keys are read one by one and not shown; Ctrl-C still interrupts.</summary>
    /// <exception cref="CliException">The terminal's settings cannot be read or changed.</exception>
    public static TerminalMode Keys() => Enter("-icanon", "-echo", "min", "1", "time", "0");

    public void Dispose()
    {
        Restore();
        foreach (PosixSignalRegistration signal in _signals)
        {
            signal.Dispose();
        }
    }

    private static TerminalMode Enter(params string[] settings)
    {
        string before = Stty.Run("-g") ?? throw Failed("read");
        var mode = new TerminalMode(before);
        if (Stty.Run(settings) is null)
        {
            mode.Dispose();
            throw Failed("change");
        }

        return mode;
    }

    private void Restore()
    {
        if (Interlocked.Exchange(ref _restored, 1) == 0)
        {
            Stty.Run(_before);
        }
    }

    private static CliException Failed(string what) =>
        new(ExitCode.Failure, $"cannot {what} the settings of the terminal with stty", "is coreutils installed, and standard input a terminal?");
}
