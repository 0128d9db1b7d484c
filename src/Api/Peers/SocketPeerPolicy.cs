namespace Sleigh.Api.Peers;

/// <summary>Who may use the administrator's socket: root, the daemon's own user, members of one group.</summary>
/// <param name="DaemonUid">The daemon's effective user id.</param>
/// <param name="GroupGid">The group; null where the host does not have it.</param>
public sealed record SocketPeerPolicy(uint DaemonUid, uint? GroupGid)
{
    /// <summary>Whether this peer may.</summary>
    public bool Allows(SocketPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return peer.Uid == 0
            || peer.Uid == DaemonUid
            || (GroupGid is { } gid && (peer.Gid == gid || peer.Groups.Contains(gid)));
    }

    /// <summary>The policy of this process, with the group looked up in <c>/etc/group</c>.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="FormatException"><c>/proc/self/status</c> has no Uid line.</exception>
    public static SocketPeerPolicy ForThisHost(string group) => new(
        HostAccounts.EffectiveUid(File.ReadAllText("/proc/self/status")),
        File.Exists("/etc/group") ? HostAccounts.FindGid(File.ReadAllText("/etc/group"), group) : null);
}
