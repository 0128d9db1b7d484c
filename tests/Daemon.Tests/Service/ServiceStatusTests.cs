using Sleigh.Daemon.Service;

namespace Sleigh.Daemon.Tests.Service;

public sealed class ServiceStatusTests
{
    [Fact]
    public void It_says_where_and_how_much() => Assert.Equal(
        "serving on 127.0.0.1:10122; 1 sandbox, 0 running commands", new ServiceStatus("127.0.0.1:10122", 1, 0, [], null).ToString());

    [Fact]
    public void Troubles_and_a_refused_reload_stand_before_it() => Assert.Equal(
        "reload refused: x; the old configuration is in force; degraded: containerd does not answer, the database does not answer; sandboxes and their "
        + "commands go on; serving on [::1]:1; 2 sandboxes, 1 running command",
        new ServiceStatus(
            "[::1]:1", 2, 1, ["containerd does not answer", "the database does not answer"], "reload refused: x; the old configuration is in force").ToString());
}
