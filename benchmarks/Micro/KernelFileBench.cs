using BenchmarkDotNet.Attributes;
using Sleigh.Cgroups;

namespace Sleigh.Benchmarks.Micro;

/// <summary>Texts of the kernel that are read again and again.</summary>
public class KernelFileBench
{
    private const string PressureText =
        "some avg10=0.12 avg60=1.50 avg300=0.70 total=123456789\nfull avg10=0.00 avg60=0.40 avg300=0.20 total=23456789\n";

    private const string EventsText = "low 0\nhigh 12\nmax 3\noom 1\noom_kill 1\noom_group_kill 0\nsock_throttled 0\n";

    [Benchmark]
    public Pressure ParsePressure() => Pressure.Parse(PressureText);

    [Benchmark]
    public MemoryEvents ParseMemoryEvents() => MemoryEvents.Parse(EventsText);
}
