namespace Sleigh.Containerd.Tests;

public sealed class SupervisorTextTests
{
    [Theory]
    [InlineData("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3", 2)]
    [InlineData("containerd github.com/containerd/containerd v1.7.24 abc", 2)]
    [InlineData("containerd github.com/containerd/containerd/v2 v2.0.4 abc", 3)]
    [InlineData("containerd github.com/containerd/containerd/v2 2.1.0 abc", 3)]
    [InlineData("", 2)]
    [InlineData("containerd", 2)]
    public void The_format_follows_the_version(string line, int format) => Assert.Equal(format, ContainerdConfigFile.FormatFor(line));

    [Fact]
    public void The_configuration_names_our_own_places_only()
    {
        var options = new ContainerdSupervisorOptions { Root = "/var/\"x\"\\", State = "/run/s" };

        string text = ContainerdConfigFile.Write(options, 3);

        Assert.Contains("version = 3\nroot = \"/var/\\\"x\\\"\\\\\"\nstate = \"/run/s\"\n", text, StringComparison.Ordinal);
        Assert.Contains("  address = \"/run/s/containerd.sock\"\n", text, StringComparison.Ordinal);
        Assert.Contains("  \"io.containerd.grpc.v1.cri\",\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_is_its_number_and_its_start()
    {
        string rest = " S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 987654 20";

        Assert.Equal(new ProcessIdentity(42, 987654), ProcessIdentity.ParseStat("42 (a) b (c))" + rest));
        Assert.Null(ProcessIdentity.ParseStat("42 (x)" + rest.Replace(" S", " Z", StringComparison.Ordinal)));
        Assert.Equal(new ProcessIdentity(42, 987654), ProcessIdentity.ParsePidFile(new ProcessIdentity(42, 987654).ToPidFile()));
        Assert.True(ProcessIdentity.Find(Environment.ProcessId)!.Value.IsAlive());
        Assert.Null(ProcessIdentity.Find(int.MaxValue));
    }

    [Theory]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("42 (x")]
    [InlineData("42 (x) S 1 2")]
    [InlineData("x (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20")]
    public void A_cut_off_stat_line_is_refused(string text) => Assert.Throws<FormatException>(() => ProcessIdentity.ParseStat(text));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("12")]
    [InlineData("12 x")]
    public void Another_pid_file_is_none_of_ours(string text) => Assert.Null(ProcessIdentity.ParsePidFile(text));
}
