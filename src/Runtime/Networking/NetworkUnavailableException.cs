namespace Sleigh.Runtime.Networking;

/// <summary>The network of the sandboxes cannot be opened on this host now.</summary>
internal sealed class NetworkUnavailableException : IOException
{
    /// <summary>As its message says: what is missing, or what refused.</summary>
    public NetworkUnavailableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
