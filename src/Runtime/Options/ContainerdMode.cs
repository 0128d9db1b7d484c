namespace Sleigh.Runtime.Options;

/// <summary>Whose containerd is used.</summary>
public enum ContainerdMode
{
    /// <summary>The system's if it answers at its address, else an embedded one.</summary>
    Auto,

    /// <summary>The one that runs already; the daemon does not start without it.</summary>
    System,

    /// <summary>A private one with its own root, state and socket, started and watched by the daemon.</summary>
    Embedded,
}
