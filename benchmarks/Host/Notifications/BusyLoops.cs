using System.Diagnostics;

namespace Sleigh.Benchmarks.Host.Notifications;

/// <summary>Processes that use all the CPU they get. They end with this object, and by themselves after two minutes of CPU time.</summary>
internal sealed class BusyLoops : IDisposable
{
    private readonly List<Process> _processes = [];

    /// <summary>Starts one process and returns its id.</summary>
    public int Start()
    {
        Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "ulimit -t 120; while :; do :; done"]))
            ?? throw new InvalidOperationException("/bin/sh did not start");
        _processes.Add(process);
        return process.Id;
    }

    public void Dispose()
    {
        foreach (Process process in _processes)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }
}
