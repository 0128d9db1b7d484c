namespace Sleigh.Runtime;

/// <summary>What is behind a port of a sandbox.</summary>
public enum PortStatus
{
    /// <summary>A server listens there, and loopback reaches it.</summary>
    Listening,

    /// <summary>Nothing has listened there yet since the sandbox was started, or the sandbox does not run.</summary>
    Waiting,

    /// <summary>A server was seen there and is gone, or it listens on an address that loopback does not reach.</summary>
    Refused,
}
