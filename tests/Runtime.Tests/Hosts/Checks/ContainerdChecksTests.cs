using Sleigh.Containerd;
using Sleigh.Runtime.Checks;

namespace Sleigh.Runtime.Tests.Hosts;

public sealed class ContainerdChecksTests
{
    private const string Socket = "/run/containerd/containerd.sock";

    private static readonly ContainerdPlace System = new(IsPrivate: false, Socket);
    private static readonly ContainerdPlace Private = new(IsPrivate: true, "/run/sleigh/containerd/containerd.sock");

    private static readonly ContainerdPlugin[] Good =
    [
        new("io.containerd.content.v1", "content", null), new("io.containerd.snapshotter.v1", "overlayfs", null),
        new("io.containerd.snapshotter.v1", "zfs", "no zfs here"), new("io.containerd.differ.v1", "walking", null), new("io.containerd.runtime.v2", "task", null),
    ];

    [Theory]
    [InlineData("1.6.20~ds1", "ok")]
    [InlineData("v2.0.4", "ok")]
    [InlineData("1.5.11", "fail")]
    [InlineData("unknown", "fail")]
    public void The_version_is_at_least_1_6(string version, string result) => Assert.Equal(result, ContainerdChecks.Answers(System, serves: false, begins: false, version, null, null).Result);

    [Fact]
    public void One_that_does_not_answer_is_started_or_installed()
    {
        Assert.Equal(
            Finding.Fail($"{Socket} does not answer: refused", "systemctl enable --now containerd"),
            ContainerdChecks.Answers(System, serves: true, begins: false, null, "1.6.20", "refused"));
        Assert.Equal(
            Finding.Fail($"{Socket} does not answer, and no containerd is installed", "apt install containerd (or containerd.io)"),
            ContainerdChecks.Answers(System, serves: false, begins: false, null, null, "refused"));
    }

    [Fact]
    public void A_private_one_need_not_run_before_the_daemon_does()
    {
        Assert.Equal(Finding.Ok("version 1.6.20, private: sleighd starts it"), ContainerdChecks.Answers(Private, serves: false, begins: false, null, "1.6.20", "refused"));
        Assert.Equal("fail", ContainerdChecks.Answers(Private, serves: true, begins: false, null, "1.6.20", "refused").Result);
        Assert.Equal("fail", ContainerdChecks.Answers(Private, serves: false, begins: false, null, "1.4.13", "refused").Result);
    }

    [Fact]
    public void A_private_one_that_would_be_begun_because_the_systems_does_not_run_is_worth_a_word()
    {
        Finding finding = ContainerdChecks.Answers(Private, serves: false, begins: true, null, "1.6.20", "refused");

        Assert.Equal(
            Finding.Warn(
                "the system's does not run, so with containerd.mode auto sleighd would begin one of its own (version 1.6.20), without the images and sandboxes of the other",
                "systemctl enable --now containerd, or set containerd.mode to system or embedded"),
            finding);
        Assert.Equal("fail", ContainerdChecks.Answers(Private, serves: false, begins: true, null, null, "refused").Result);
    }

    [Fact]
    public void Plugins_that_are_needed_are_loaded_others_do_not_matter()
    {
        Assert.Equal(Finding.Ok("overlayfs, content, walking, task are loaded"), ContainerdChecks.Plugins(Good));

        Finding broken = ContainerdChecks.Plugins([.. Good.Where(p => p.Id != "walking").Select(p => p.Id == "overlayfs" ? p with { Error = "modprobe failed" } : p)]);

        Assert.Equal(("fail", "io.containerd.snapshotter.v1.overlayfs: modprobe failed; io.containerd.differ.v1.walking is switched off"), (broken.Result, broken.Seen));
    }

    [Fact]
    public void The_shim_is_found_by_the_name_of_the_runtime()
    {
        Assert.Equal(Finding.Ok("/usr/bin/containerd-shim-runc-v2"), ContainerdChecks.Shim("io.containerd.runc.v2", name => $"/usr/bin/{name}"));
        Assert.Equal("containerd-shim-runc-v2, for io.containerd.runc.v2, is not installed", ContainerdChecks.Shim("io.containerd.runc.v2", _ => null).Seen);
    }

    [Fact]
    public void The_runtime_must_be_there_and_run()
    {
        Assert.Equal(Finding.Ok("runc version 1.1.5, /usr/sbin/runc"), ContainerdChecks.Runtime("runc", "/usr/sbin/runc", "runc version 1.1.5"));
        Assert.Equal(Finding.Fail("runc is not installed", "apt install runc"), ContainerdChecks.Runtime("runc", null, null));
        Assert.Equal(Finding.Fail("/usr/sbin/runc does not run", "apt install --reinstall runc"), ContainerdChecks.Runtime("runc", "/usr/sbin/runc", null));
    }

    [Theory]
    [InlineData("containerd containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1", "1.6.20~ds1")]
    [InlineData("containerd repository v2.0.4 1a43cb6a1035441f9aca8f5666a9b3ef9e70ab20", "2.0.4")]
    [InlineData("", null)]
    public void A_version_is_found_in_what_a_program_says(string line, string? version) =>
        Assert.Equal(version, HostTool.VersionIn(line));
}
