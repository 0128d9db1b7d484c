namespace Sleigh.Runtime;

/// <summary>The pool of parked containers as it is now. Totals count from the start of the daemon.</summary>
public sealed record WarmPoolStatus
{
    /// <summary>What the configuration asks for; 0: there is no pool.</summary>
    public required int TargetSize { get; init; }

    /// <summary>The most that demand can ask for.</summary>
    public required int MaxSize { get; init; }

    /// <summary>What demand asks for now, from <see cref="TargetSize"/> to <see cref="MaxSize"/>.</summary>
    public required int TargetNow { get; init; }

    /// <summary>Members ready now.</summary>
    public required int Available { get; init; }

    /// <summary>Members being made.</summary>
    public required int Making { get; init; }

    /// <summary>The image of a create call that names none; members serve every image.</summary>
    public required string Image { get; init; }

    /// <summary>The memory limit that members are made with.</summary>
    public required int MemoryMb { get; init; }

    /// <summary>Creates that got a member.</summary>
    public required long Hits { get; init; }

    /// <summary>Creates that found none.</summary>
    public required long Misses { get; init; }

    /// <summary>Members made.</summary>
    public required long RefillTotal { get; init; }

    /// <summary>Members thrown away because they had died or did not answer.</summary>
    public required long Dropped { get; init; }
}
