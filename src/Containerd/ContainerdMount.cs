using WireTypes = Sleigh.Containerd.Protos.Types;

namespace Sleigh.Containerd;

/// <summary>How a snapshotter says that a snapshot can be seen as a directory.</summary>
/// <param name="Type">Filesystem type, e.g. <c>overlay</c> or <c>bind</c>.</param>
/// <param name="Source">Device or directory.</param>
/// <param name="Options">Mount options.</param>
public sealed record ContainerdMount(string Type, string Source, IReadOnlyList<string> Options)
{
    internal static ContainerdMount From(WireTypes.Mount wire) => new(wire.Type, wire.Source, [.. wire.Options]);

    internal WireTypes.Mount ToWire() => new() { Type = Type, Source = Source, Options = { Options } };
}
