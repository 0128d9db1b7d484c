using Sleigh.Runtime.Records;
using Sleigh.Runtime.Tests.OutOfMemory;

namespace Sleigh.Runtime.Tests.Ports;

public sealed class ReachedPortsTests
{
    [Fact]
    public async Task What_was_reached_ends_with_the_port_and_one_that_is_declared_again_is_another()
    {
        await using KilledExecs sandbox = new(OomAction.Report);
        ReachedPorts reached = new();
        PortRecord port = PortRecord.New(sandbox.Entry.Id, 8080), again = PortRecord.New(sandbox.Entry.Id, 8080);
        CancellationToken one = reached.Take(sandbox.Entry, () => port), same = reached.Take(sandbox.Entry, () => port);

        reached.End(port);
        CancellationToken next = reached.Take(sandbox.Entry, () => again);

        Assert.Equal(one, same);
        Assert.Equal((true, false), (one.IsCancellationRequested, next.IsCancellationRequested));
        Assert.Equal(1, reached.Count);
        reached.End(port);
        Assert.False(next.IsCancellationRequested);
    }

    [Fact]
    public async Task Nothing_of_a_deleted_sandbox_or_of_a_port_that_was_taken_back_is_reached_any_more_and_nothing_is_kept_for_it()
    {
        await using KilledExecs sandbox = new(OomAction.Report);
        ReachedPorts reached = new();

        // The request had looked before, and comes here behind the one that ends it.
        Assert.Throws<InvalidOperationException>(() => reached.Take(sandbox.Entry, () => throw new InvalidOperationException()));
        sandbox.Entry.IsDeleted = true;
        RuntimeException gone = Assert.Throws<RuntimeException>(() => reached.Take(sandbox.Entry, () => PortRecord.New(sandbox.Entry.Id, 8080)));

        Assert.Equal((ErrorKind.NotFound, $"resource not found: sandbox {sandbox.Entry.Id}"), (gone.Kind, gone.Message));
        Assert.Equal(0, reached.Count);
    }
}
