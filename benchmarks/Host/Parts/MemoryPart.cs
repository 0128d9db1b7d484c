using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Cli.Bench;

namespace Sleigh.Benchmarks.Host.Parts;

/// <summary>Memory of the daemons at rest, of idle sandboxes, and of the daemons after many commands.</summary>
internal sealed class MemoryPart
{
    private readonly IReadOnlyList<(IBenchHost Host, IHostSubject Subject)> _sides;
    private readonly BenchResults _results;
    private readonly List<Figure> _figures = [];

    public MemoryPart(IReadOnlyList<(IBenchHost Host, IHostSubject Subject)> sides, BenchResults results) => (_sides, _results) = (sides, results);

    /// <summary>What was found.</summary>
    public IReadOnlyList<Figure> Figures => _figures;

    /// <summary>What is resident in daemon and containerd, without a sandbox.</summary>
    public void Daemons(string when)
    {
        foreach ((IBenchHost host, _) in _sides)
        {
            double daemon = ProcessMemory.ResidentMib(host.DaemonPid);
            _figures.Add(new Figure($"daemon, {when}: resident", "MiB", host.Name, daemon));
            _figures.Add(new Figure($"daemon and containerd, {when}: resident", "MiB", host.Name, daemon + ProcessMemory.ResidentMib(host.ContainerdPid)));
        }
    }

    /// <summary>The proportional share of memory of all processes that are there for a sandbox, and of them without the shim.</summary>
    public async Task SandboxesAsync(int count, CancellationToken cancellationToken)
    {
        foreach ((IBenchHost host, IHostSubject subject) in _sides)
        {
            var made = new List<string>();
            try
            {
                for (int i = 0; i < count; i++)
                {
                    made.Add((await subject.CreateAsync(null, cancellationToken)).Id);
                }

                await subject.SettleAsync(cancellationToken);
                List<int> pids = [];
                foreach (string id in made)
                {
                    pids.AddRange(await subject.ProcessesAsync(id, cancellationToken));
                }

                ILookup<bool, double> shares = pids.ToLookup(IsShim, ProcessMemory.ProportionalMib);
                _figures.Add(new Figure($"one of {count} idle sandboxes: shim (PSS)", "MiB", host.Name, shares[true].Sum() / count));
                _figures.Add(new Figure($"one of {count} idle sandboxes: its processes (PSS)", "MiB", host.Name, shares[false].Sum() / count));
            }
            catch (Cli.CliException ex)
            {
                _results.Fail("memory of sandboxes", host.Name, ex.Message);
            }

            foreach (string id in made)
            {
                await subject.DeleteAsync(id, CancellationToken.None);
            }
        }
    }

    /// <summary>Runs many commands in one sandbox of each, and looks at the daemons a few times on the way.</summary>
    public async Task SoakAsync(int execs, CancellationToken cancellationToken)
    {
        foreach ((IBenchHost host, IHostSubject subject) in _sides)
        {
            string id = (await subject.CreateAsync(null, cancellationToken)).Id;
            try
            {
                for (int part = 1; part <= 4; part++)
                {
                    for (int i = 0; i < execs / 4; i++)
                    {
                        await subject.ExecAsync(id, ["/bin/true"], cancellationToken);
                    }

                    _figures.Add(new Figure($"daemon, after {execs * part / 4} execs: resident", "MiB", host.Name, ProcessMemory.ResidentMib(host.DaemonPid)));
                }
            }
            catch (Cli.CliException ex)
            {
                _results.Fail("soak", host.Name, ex.Message);
            }
            finally
            {
                await subject.DeleteAsync(id, CancellationToken.None);
            }
        }
    }

    private static bool IsShim(int pid) => ProcessTable.Read($"/proc/{pid}/cmdline")?.Contains("containerd-shim", StringComparison.Ordinal) == true;
}
