using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class CapabilitiesTests
{
    [Theory]
    [InlineData(NetworkMode.None)]
    [InlineData(NetworkMode.Bridge)]
    public void With_a_network_of_its_own_a_sandbox_gets_what_the_operator_gives(NetworkMode mode) =>
        Assert.Equal(SandboxOptions.DefaultCapabilities, Capabilities.In(mode, SandboxOptions.DefaultCapabilities));

    [Fact]
    public void In_the_hosts_network_it_gets_none_over_it_whatever_the_operator_gives()
    {
        IReadOnlyList<string> given = [.. SandboxOptions.DefaultCapabilities, "CAP_NET_ADMIN", "CAP_NET_BROADCAST"];

        IReadOnlyList<string> left = Capabilities.In(NetworkMode.Host, given);

        Assert.Equal(["CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_RAW"], given.Except(left).Order(StringComparer.Ordinal));
        Assert.Equal(left.Count + 4, given.Count);
    }
}
