namespace Sleigh.Runtime;

/// <summary>Where the time of a create or fork went.</summary>
/// <param name="Admission">Checks and quotas.</param>
/// <param name="Image">Finding the image and its lower layers.</param>
/// <param name="Rootfs">Making the writable layer.</param>
/// <param name="Network">Joining a network.</param>
/// <param name="Create">Getting a slot with its limits: next to nothing from the pool, a container start when cold.</param>
/// <param name="Start">Mounting the tree into the slot, and recording that the sandbox is there.</param>
public sealed record CreatePhases(
    TimeSpan Admission, TimeSpan Image, TimeSpan Rootfs, TimeSpan Network, TimeSpan Create, TimeSpan Start);
