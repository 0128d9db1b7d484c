namespace Sleigh.Daemon.Listening;

/// <summary>An address cannot be listened on; the message names it and what to do.</summary>
internal sealed class ListenException(string message, Exception? cause) : Exception(message, cause);
