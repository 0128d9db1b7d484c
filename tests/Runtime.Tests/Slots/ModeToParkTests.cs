using Sleigh.Runtime.Options;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots;

public sealed class ModeToParkTests
{
    [Theory]
    [InlineData(NetworkMode.Bridge, true, NetworkMode.Bridge)]
    [InlineData(NetworkMode.Bridge, false, NetworkMode.None)]
    [InlineData(NetworkMode.None, true, NetworkMode.None)]
    [InlineData(NetworkMode.None, false, NetworkMode.None)]
    [InlineData(NetworkMode.Host, true, NetworkMode.None)]
    [InlineData(NetworkMode.Host, false, NetworkMode.None)]
    public void Parked_are_those_of_the_setting_where_they_can_be_had_and_never_any_in_the_hosts_network(NetworkMode normal, bool canConnect, NetworkMode parked) =>
        Assert.Equal(parked, SlotPool.ModeToPark(normal, canConnect));
}
