namespace Sleigh.Api.Peers;

/// <summary>On connections of the administrator's socket: whether its peer may use it, and who that is as far as it is known.</summary>
internal sealed record SocketPeerFeature(bool Allowed, SocketPeer? Peer = null);
