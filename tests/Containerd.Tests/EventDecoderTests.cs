using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Wire = Sleigh.Containerd.Protos.Events;

namespace Sleigh.Containerd.Tests;

public sealed class EventDecoderTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void Known_events_are_read()
    {
        Assert.Equal(new ContainerdEvent.TaskStarted(At, "c", 7), Decode("containerd.events.TaskStart", new Wire.TaskStart { ContainerId = "c", Pid = 7 }));
        Assert.Equal(
            new ContainerdEvent.TaskExited(At, "c", "", 7, 137, At),
            Decode("containerd.events.TaskExit", new Wire.TaskExit { ContainerId = "c", Id = "c", Pid = 7, ExitStatus = 137, ExitedAt = At.ToTimestamp() }));
        Assert.Equal(
            new ContainerdEvent.TaskExited(At, "c", "e", 7, 0, At),
            Decode("types.example/containerd.events.TaskExit", new Wire.TaskExit { ContainerId = "c", Id = "e", Pid = 7, ExitedAt = At.ToTimestamp() }));
        Assert.Equal(
            new ContainerdEvent.TaskDeleted(At, "c", "", 7, 1, At),
            Decode("containerd.events.TaskDelete", new Wire.TaskDelete { ContainerId = "c", Pid = 7, ExitStatus = 1, ExitedAt = At.ToTimestamp() }));
        Assert.Equal(new ContainerdEvent.TaskOutOfMemory(At, "c"), Decode("containerd.events.TaskOOM", new Wire.TaskOOM { ContainerId = "c" }));
        Assert.Equal(new ContainerdEvent.ContainerDeleted(At, "c"), Decode("containerd.events.ContainerDelete", new Wire.ContainerDelete { Id = "c" }));
        Assert.Equal(new ContainerdEvent.ImageDeleted(At, "i"), Decode("containerd.services.images.v1.ImageDelete", new Wire.ImageDelete { Name = "i" }));
        Assert.Equal(new ContainerdEvent.ImageUpdated(At, "i"), Decode("containerd.services.images.v1.ImageUpdate", new Wire.ImageUpdate { Name = "i" }));
    }

    [Fact]
    public void An_unknown_event_is_another()
    {
        Assert.Equal(new ContainerdEvent.Other(At, "/t"), Decode("containerd.events.SomethingNew", new Wire.TaskOOM()));
        Assert.Equal(
            new ContainerdEvent.Other(DateTimeOffset.MinValue, ""), EventDecoder.Decode(new Wire.Envelope()));
    }

    [Fact]
    public void A_cut_off_event_is_told()
    {
        var envelope = new Wire.Envelope { Event = new Any { TypeUrl = "containerd.events.TaskOOM", Value = ByteString.CopyFrom(0x0a, 5) } };

        var error = Assert.Throws<ContainerdException>(() => EventDecoder.Decode(envelope));

        Assert.Equal("could not read an event of containerd: 'containerd.events.TaskOOM' with 2 bytes is not valid", error.Message);
    }

    private static ContainerdEvent Decode(string type, IMessage message) => EventDecoder.Decode(new Wire.Envelope
    {
        Timestamp = At.ToTimestamp(),
        Topic = "/t",
        Event = new Any { TypeUrl = type, Value = message.ToByteString() },
    });
}
