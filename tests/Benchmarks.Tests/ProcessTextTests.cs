using Sleigh.Benchmarks.Host.Processes;
using Sleigh.Benchmarks.Host.Report;

namespace Sleigh.Benchmarks.Host.Tests;

public sealed class ProcessTextTests
{
    [Fact]
    public void Memory_lines_are_in_kibibytes() =>
        Assert.Equal(2.5, ProcessMemory.Mib("Name:\tsleighd\nVmHWM:\t 9 kB\nVmRSS:\t    2560 kB\n", "VmRSS:"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("VmRSS:")]
    [InlineData("VmRSS: many kB")]
    public void What_cannot_be_read_is_no_figure(string? text) => Assert.Null(ProcessMemory.Mib(text, "VmRSS:"));

    [Theory]
    [InlineData("12 (sh) S 7 12 12", 7)]
    [InlineData("12 (a) b (c) R 8 1", 8)]
    [InlineData("12 (sh", 0)]
    [InlineData(null, 0)]
    public void The_parent_stands_behind_the_name(string? stat, int parent) => Assert.Equal(parent, ProcessTable.ParentOf(stat));

    [Theory]
    [InlineData("cpu  10 1 20 50 9 2 3 5 4 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n", 41, 100)]
    [InlineData("cpu0 1 1 1 1 1 1 1 1\n", 0, 0)]
    [InlineData("cpu", 0, 0)]
    [InlineData(null, 0, 0)]
    public void Waiting_for_a_disk_is_idle_and_guests_are_counted_once(string? stat, long busy, long all) =>
        Assert.Equal((busy, all), ProcessTable.CpuTicksIn(stat));

    [Theory]
    [InlineData("model name\t: AMD EPYC\nmodel\t: 1\n", "model name", "AMD EPYC")]
    [InlineData("PRETTY_NAME=\"Debian\"\n", "PRETTY_NAME", "\"Debian\"")]
    [InlineData("x\n", "y", null)]
    public void Values_stand_behind_a_colon_or_an_equals_sign(string text, string name, string? value) =>
        Assert.Equal(value, Machine.ValueIn(text, name));
}
