using Sleigh.Linux;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Proc;

namespace Sleigh.Runtime.Tests.Proc;

public sealed class ProcPlanTests
{
    [Theory]
    [InlineData(ProcView.Generated, true, ProcView.Generated)]
    [InlineData(ProcView.Lxcfs, true, ProcView.Lxcfs)]
    [InlineData(ProcView.Lxcfs, false, ProcView.Generated)]
    [InlineData(ProcView.Host, true, ProcView.Host)]
    public void Lxcfs_is_taken_where_it_is_asked_for_and_mounted(ProcView wanted, bool hasLxcfs, ProcView chosen)
    {
        Assert.Equal(chosen, ProcPlan.Choose(wanted, hasLxcfs));
    }

    [Fact]
    public void A_place_without_lxcfs_has_no_files_of_it()
    {
        Assert.False(ProcPlan.HasLxcfs("/nowhere"));
        Assert.Equal(ProcPlan.Generated("/slot/proc"), ProcPlan.WithLxcfs("/slot/proc", "/nowhere"));
        Assert.Contains(new ProcBind("/slot/proc/meminfo", "/proc/meminfo"), ProcPlan.Generated("/slot/proc"));
    }

    [Fact]
    public void Where_lxcfs_is_memory_comes_from_it_and_cpus_do_not()
    {
        string root = Directory.CreateTempSubdirectory("sl-lxcfs-").FullName;
        Directory.CreateDirectory(root + "/proc");
        foreach (string file in (string[])["meminfo", "cpuinfo"])
        {
            File.WriteAllText($"{root}/proc/{file}", "");
        }

        try
        {
            IReadOnlyList<ProcBind> binds = ProcPlan.WithLxcfs("/slot/proc", root);

            Assert.True(ProcPlan.HasLxcfs(root));
            Assert.Contains(new ProcBind(root + "/proc/meminfo", "/proc/meminfo"), binds);
            Assert.Contains(new ProcBind("/slot/proc/cpuinfo", "/proc/cpuinfo"), binds);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Theory]
    [InlineData(null, 4)]
    [InlineData(0.05, 1)]
    [InlineData(1.0, 1)]
    [InlineData(1.5, 2)]
    [InlineData(3.0, 3)]
    [InlineData(3.5, 4)]
    [InlineData(64.0, 4)]
    public void A_sandbox_gets_as_many_cpus_as_its_limit_needs(double? cpus, int count)
    {
        Assert.Equal(count, new CpuChoice(CpuSet.Parse("0-1,4-5")).Next(cpus).Numbers.Count);
    }

    [Fact]
    public void Those_that_come_one_after_the_other_spread_over_the_host()
    {
        CpuChoice choice = new(CpuSet.Parse("0-1,4-5"));

        Assert.Equal(["0-1", "4-5", "0", "1,4", "0,5"], new double[] { 2, 2, 1, 2, 2 }.Select(cpus => choice.Next(cpus).ToString()));
    }
}
