namespace Sleigh.Runtime.Images;

/// <summary>What creates and the administrator's image calls share.</summary>
internal sealed record ImageParts(LivePuller Puller, ImagePulls Pulls, ImageHolds Holds, ImageUses Uses, ImageFinder Finder);
