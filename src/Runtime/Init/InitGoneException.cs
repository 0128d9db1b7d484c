namespace Sleigh.Runtime.Init;

/// <summary>
/// The connection to sleigh-init ended: the sandbox's PID 1 is gone, or it dropped a connection that did not read. Connect
/// again to find out which; after that, LIST and the record files say what became of the execs.
/// </summary>
public sealed class InitGoneException : IOException
{
    /// <summary>Makes the error.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="reason">How it ended.</param>
    /// <param name="cause">What the system said, if it said something.</param>
    public InitGoneException(string path, string reason, Exception? cause = null)
        : base($"the connection to sleigh-init at {path} is gone: {reason}", cause)
    {
    }
}
