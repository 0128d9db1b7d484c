using System.Security.Cryptography;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Init;

/// <summary>What the daemon leaves with sleigh-init for its own next life.</summary>
public sealed class HoldTests
{
    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task It_outlives_the_connection_is_replaced_and_taken_back()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        int descriptors = slot.DescriptorCount();
        Assert.Null(await slot.Connection.HeldAsync(default));

        // Whole pieces, one byte more, and the largest there may be.
        foreach (int size in (int[])[1, 2048, 2049, 6144, 1 << 20])
        {
            byte[] content = RandomNumberGenerator.GetBytes(size);
            Assert.True(await slot.Connection.HoldAsync(content, default));
            await slot.Connection.DisposeAsync();
            await slot.ConnectAsync();
            Assert.Equal(content, await slot.Connection.HeldAsync(default));
        }

        Assert.True(await slot.Connection.HoldAsync(Array.Empty<byte>(), default));
        Assert.Null(await slot.Connection.HeldAsync(default));
        // It closes what was lost with a connection when it hears of its end.
        await Poll.UntilAsync(() => slot.DescriptorCount() == descriptors, 60, () => $"{slot.DescriptorCount()} descriptors, where {descriptors} were open before");
    }

    [HostFact(Need.Root, Need.CgroupV2, Need.InitBinary)]
    public async Task Nobody_inside_gets_at_it()
    {
        await using InitSlot slot = await InitSlot.StartAsync();
        await slot.Connection.HoldAsync("held-for-the-daemon"u8.ToArray(), default);

        SlotExec exec = await slot.ShellAsync(
            "ls -l /proc/self/fd; for f in /proc/1/fd/* /proc/1/mem /proc/1/maps; do cat $f && echo OPEN; done; true");

        Assert.DoesNotContain("held", exec.Stdout, StringComparison.Ordinal);
        Assert.DoesNotContain("OPEN", exec.Stdout, StringComparison.Ordinal);
    }
}
