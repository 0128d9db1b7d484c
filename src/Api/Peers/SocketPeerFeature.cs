namespace Sleigh.Api.Peers;

/// <summary>On connections of the administrator's socket: whether its peer may use it.</summary>
internal sealed record SocketPeerFeature(bool Allowed);
