namespace Sleigh.Daemon.Configuration;

/// <summary>What a reload does with another value of a key.</summary>
internal enum ReloadEffect
{
    /// <summary>It is in force at once, for everything that begins after it.</summary>
    AtOnce,

    /// <summary>It comes into force with the next start.</summary>
    Restart,
}
