namespace Sleigh.Containerd;

/// <summary>What a pull is doing.</summary>
public enum PullStage
{
    /// <summary>Asking the registry what the name stands for.</summary>
    Resolving,

    /// <summary>Fetching layers.</summary>
    Downloading,

    /// <summary>Unpacking layers.</summary>
    Unpacking,
}

/// <summary>How far one layer is.</summary>
public enum LayerState
{
    /// <summary>Not begun.</summary>
    Waiting,

    /// <summary>Its bytes are arriving.</summary>
    Downloading,

    /// <summary>The connection broke; it goes on from where it was.</summary>
    Resuming,

    /// <summary>Here and checked, not unpacked.</summary>
    Downloaded,

    /// <summary>Being unpacked.</summary>
    Unpacking,

    /// <summary>Done.</summary>
    Unpacked,

    /// <summary>Was here before; not fetched.</summary>
    Present,
}

/// <summary>How far one layer is.</summary>
/// <param name="Digest">The layer.</param>
/// <param name="Size">Its bytes, compressed.</param>
/// <param name="Received">Those of them that are here.</param>
/// <param name="State">What is being done with it.</param>
public sealed record LayerProgress(string Digest, long Size, long Received, LayerState State);

/// <summary>How far a pull is.</summary>
/// <param name="Stage">What it is doing.</param>
/// <param name="Layers">The layers, the lowest first; none while resolving.</param>
public sealed record PullProgress(PullStage Stage, IReadOnlyList<LayerProgress> Layers);
