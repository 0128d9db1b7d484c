using Google.Protobuf;
using Wire = Sleigh.Containerd.Protos.Events;

namespace Sleigh.Containerd;

/// <summary>From the wire's envelope to an event.</summary>
internal static class EventDecoder
{
    public static ContainerdEvent Decode(Wire.Envelope envelope)
    {
        DateTimeOffset at = envelope.Timestamp.ToTime();
        string url = envelope.Event?.TypeUrl ?? "";
        ByteString value = envelope.Event?.Value ?? ByteString.Empty;
        try
        {
            // Some versions put a host before the message's name.
            return url[(url.LastIndexOf('/') + 1)..] switch
            {
                "containerd.events.TaskStart" => Started(at, Wire.TaskStart.Parser.ParseFrom(value)),
                "containerd.events.TaskExit" => Exited(at, Wire.TaskExit.Parser.ParseFrom(value)),
                "containerd.events.TaskOOM" => new ContainerdEvent.TaskOutOfMemory(at, Wire.TaskOOM.Parser.ParseFrom(value).ContainerId),
                "containerd.events.TaskDelete" => Deleted(at, Wire.TaskDelete.Parser.ParseFrom(value)),
                "containerd.events.ContainerDelete" => new ContainerdEvent.ContainerDeleted(at, Wire.ContainerDelete.Parser.ParseFrom(value).Id),
                "containerd.services.images.v1.ImageUpdate" => new ContainerdEvent.ImageUpdated(at, Wire.ImageUpdate.Parser.ParseFrom(value).Name),
                "containerd.services.images.v1.ImageDelete" => new ContainerdEvent.ImageDeleted(at, Wire.ImageDelete.Parser.ParseFrom(value).Name),
                _ => new ContainerdEvent.Other(at, envelope.Topic),
            };
        }
        catch (InvalidProtocolBufferException ex)
        {
            throw new ContainerdException(
                ContainerdErrorKind.Internal, $"could not read an event of containerd: '{url}' with {value.Length} bytes is not valid", ex);
        }
    }

    private static ContainerdEvent.TaskStarted Started(DateTimeOffset at, Wire.TaskStart e) => new(at, e.ContainerId, (int)e.Pid);

    private static ContainerdEvent.TaskExited Exited(DateTimeOffset at, Wire.TaskExit e) =>
        new(at, e.ContainerId, ExecId(e.ContainerId, e.Id), (int)e.Pid, (int)e.ExitStatus, e.ExitedAt.ToTime());

    private static ContainerdEvent.TaskDeleted Deleted(DateTimeOffset at, Wire.TaskDelete e) =>
        new(at, e.ContainerId, ExecId(e.ContainerId, e.Id), (int)e.Pid, (int)e.ExitStatus, e.ExitedAt.ToTime());

    // The container's own process has the container's id, or none.
    private static string ExecId(string containerId, string id) => id == containerId ? "" : id;
}
