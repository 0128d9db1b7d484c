using Sleigh.Cgroups;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class RuntimeClassTests
{
    private static readonly SleighOptions Options = new() { Runtimes = new RuntimesOptions { Crun = "/opt/crun" } };

    [Fact]
    public void Crun_is_started_by_runcs_shim_and_runc_by_the_shim_of_the_configuration()
    {
        RuntimeClass crun = RuntimeClass.Of("crun", Options);
        RuntimeClass runc = RuntimeClass.Of("runc", Options with { Containerd = new ContainerdOptions { Runtime = "io.containerd.other.v2" } });

        Assert.Equal(("io.containerd.runc.v2", "/opt/crun"), (crun.Shim, crun.ShimOptions?.BinaryName));
        Assert.Equal(("io.containerd.other.v2", null), (runc.Shim, runc.ShimOptions));
    }

    [Theory]
    [InlineData("crun", "/opt/crun is not installed")]
    [InlineData("runsc", "containerd-shim-runsc-v1 is not installed")]
    [InlineData("kata", "containerd-shim-kata-v2 is not installed")]
    public void What_is_not_installed_is_named(string name, string why)
    {
        Assert.Equal(why, RuntimeClass.Of(name, Options).Unavailable(_ => null, CgroupMode.Unified));
    }

    [Fact]
    public void What_has_a_kernel_of_its_own_is_refused_also_where_it_is_installed()
    {
        Assert.Null(RuntimeClass.Of("crun", Options).Unavailable(program => program, CgroupMode.Unified));
        Assert.Null(RuntimeClass.Of("runc", Options).Unavailable(program => program, CgroupMode.Hybrid));
        Assert.Equal(
            "containerd-shim-runsc-v1 is installed, but runsc runs a kernel of its own, and this version mounts trees through the host's",
            RuntimeClass.Of("runsc", Options).Unavailable(program => program, CgroupMode.Unified));
    }

    [Fact]
    public void Crun_is_refused_where_controllers_are_split_between_the_versions()
    {
        Assert.Equal(
            "crun needs all cgroup controllers in version 2; here some are still in version 1",
            RuntimeClass.Of("crun", Options).Unavailable(program => program, CgroupMode.Hybrid));
    }

    [Theory]
    [InlineData("io.containerd.runsc.v1", "containerd-shim-runsc-v1")]
    [InlineData("/usr/local/bin/shim", "/usr/local/bin/shim")]
    [InlineData("shim", "shim")]
    public void A_shims_program_follows_from_its_name(string shim, string program)
    {
        Assert.Equal(program, RuntimeClass.ShimProgram(shim));
    }

    [Fact]
    public void Every_name_that_is_told_is_a_class_and_no_other_is()
    {
        Assert.All(RuntimeClass.Names, name => Assert.Equal(name, RuntimeClass.Of(name, Options).Name));
        Assert.Throws<ArgumentException>(() => RuntimeClass.Of("lxc", Options));
    }
}
