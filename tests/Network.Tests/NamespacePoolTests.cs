using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.TestSupport;

namespace Sleigh.Network.Tests;

/// <summary>Namespaces are made ahead behind callers, and never so late that one has to wait who need not.</summary>
public sealed class NamespacePoolTests
{
    private readonly TaskCompletionSource _quiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _made;
    private int _stoodBack;

    [Fact]
    public async Task While_some_lie_ready_the_next_one_is_made_when_callers_are_served()
    {
        using NamespacePool pool = Pool(size: 2);
        pool.Start();

        // The first is made at once, since none is there; before the second it stands back.
        await Poll.UntilAsync(() => Volatile.Read(ref _stoodBack) == 1, 60, () => $"{_made} made, stood back {_stoodBack} times");
        Assert.Equal((1, 1), (Volatile.Read(ref _made), pool.Ready));

        _quiet.SetResult();
        await Poll.UntilAsync(() => pool.Ready == 2, 60, () => $"{_made} made");
        await pool.StopAsync();
    }

    [Fact]
    public async Task With_none_left_one_is_made_whoever_waits()
    {
        using NamespacePool pool = Pool(size: 1);
        pool.Start();
        await Poll.UntilAsync(() => pool.Ready == 1, 60, () => $"{_made} made");

        await pool.TakeAsync(CancellationToken.None);

        await Poll.UntilAsync(() => pool.Ready == 1, 60, () => $"{_made} made");
        Assert.Equal((2, 0), (Volatile.Read(ref _made), Volatile.Read(ref _stoodBack)));
        await pool.StopAsync();
    }

    [Fact]
    public async Task Who_stands_back_does_not_hold_up_the_end()
    {
        using NamespacePool pool = Pool(size: 2);
        pool.Start();
        await Poll.UntilAsync(() => Volatile.Read(ref _stoodBack) == 1, 60, () => "it did not stand back");

        await pool.StopAsync();

        Assert.Equal((1, 0), (Volatile.Read(ref _made), pool.Ready));
    }

    private NamespacePool Pool(int size) => new(
        _ =>
        {
            Interlocked.Increment(ref _made);
            return Task.FromResult(new SandboxNamespace(
                NamespaceName.New(), "/nowhere", new SandboxAddresses("veth", "02:00:00:00:00:01", IPAddress.Loopback, null, IPAddress.Loopback)));
        },
        (_, _) => Task.CompletedTask,
        size,
        async (_, stop) =>
        {
            Interlocked.Increment(ref _stoodBack);
            await _quiet.Task.WaitAsync(stop);
        },
        NullLogger.Instance);
}
