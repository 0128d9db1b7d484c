namespace Sleigh.Overlay;

/// <summary>How <see cref="TreeMounter"/> works.</summary>
public sealed record TreeMounterOptions
{
    /// <summary>Null for the best method that this kernel has; tests and odd hosts can ask for another.</summary>
    public OverlayMethod? Method { get; init; }

    /// <summary>
    /// A directory of our own for <see cref="OverlayMethod.OptionText"/>, where an overlay is mounted for the moment until
    /// it can be moved. Made if missing. What a dead daemon left mounted there is taken off.
    /// </summary>
    public string StagingDirectory { get; init; } = "/run/sleigh/staging";
}
