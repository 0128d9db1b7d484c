using BenchmarkDotNet.Attributes;
using Sleigh.Cgroups;
using Sleigh.Cgroups.Growth;

namespace Sleigh.Benchmarks.Micro;

/// <summary>What the growth of memory reads of a cgroup each time, from files as the kernel writes them. What the kernel adds up is not in it.</summary>
public class SampleBench
{
    private string _folder = "";
    private Cgroup _group = null!;

    [GlobalSetup]
    public void Make()
    {
        _folder = Directory.CreateTempSubdirectory("sleigh-bench-").FullName;
        string stat = string.Concat(Enumerable.Range(0, 20).Select(i => $"figure_before_{i} 123456789\n"))
            + "shmem 4096\ninactive_file 61276160\nactive_file 62136320\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"figure_after_{i} 123456\n"));
        foreach ((string name, string text) in ((string, string)[])
            [("memory.current", "225918976\n"), ("memory.stat", stat), ("memory.max", "402653184\n"), ("memory.high", "268435456\n"),
             ("memory.events", "low 0\nhigh 41\nmax 2\noom 0\noom_kill 0\noom_group_kill 0\n"),
             ("memory.pressure", "some avg10=1.20 avg60=0.30 avg300=0.00 total=48213\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=31002\n")])
        {
            File.WriteAllText(Path.Combine(_folder, name), text);
        }

        _group = Cgroup.Open(_folder);
    }

    [GlobalCleanup]
    public void Remove() => Directory.Delete(_folder, recursive: true);

    [Benchmark]
    public MemorySample? Read() => _group.TryReadSample(_group, TimeSpan.Zero);
}
