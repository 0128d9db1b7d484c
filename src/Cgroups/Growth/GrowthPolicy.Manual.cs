namespace Sleigh.Cgroups.Growth;

public static partial class GrowthPolicy
{
    /// <summary>
    /// The limit after one automatic step on request: twice the limit, or <paramref name="largest"/> more where that is less; at least
    /// <paramref name="least"/>, at most <paramref name="ceiling"/>. Bytes; whole MiB where all that goes in is.
    /// </summary>
    public static long AutomaticStep(long limit, long least, long largest, long ceiling) =>
        Math.Min(Math.Max(Mebibytes.Add(limit, Math.Min(limit, largest)), least), ceiling);

    /// <summary>
    /// Growth that somebody asked for: to the whole target or not at all. Where the room is less than the wall needs, the wall comes
    /// nearer to the brake.
    /// </summary>
    /// <param name="sample">The cgroup now.</param>
    /// <param name="bounds">Its bounds; with automatic growth off, brake and wall both become the target.</param>
    /// <param name="options">The policy's figures.</param>
    /// <param name="room">What the ledger would promise.</param>
    /// <param name="target">The brake that is wanted, in bytes.</param>
    public static MemoryDecision Raise(MemorySample sample, GrowthBounds bounds, GrowthOptions options, HostRoom room, long target)
    {
        long wanted = Mebibytes.Up(target);
        long ceiling = Mebibytes.Down(bounds.Ceiling);
        long present = bounds.Automatic ? sample.Brake : Math.Min(sample.Brake, sample.Wall);
        if (Math.Min(wanted, ceiling) <= present)
        {
            string text = wanted > present
                ? $"refused: it stands at its ceiling of {Mebibytes.Text(ceiling)}"
                : $"refused: {Mebibytes.Text(wanted)} is not above the present limit of {Mebibytes.Text(present)}";
            return new MemoryDecision.Refuse(GrowthTrigger.Manual, wanted, RefusalCause.Ceiling, text);
        }

        long brake = Math.Min(wanted, ceiling);
        long wall = Math.Max(sample.Wall, bounds.Automatic ? Math.Min(WallOf(brake, options), ceiling) : brake);
        long highest = HighestWall(sample, bounds, room);
        if (highest < Math.Max(brake, sample.Wall))
        {
            return new MemoryDecision.Refuse(GrowthTrigger.Manual, wanted, RefusalCause.HostShort, $"refused: {room.Reason}");
        }

        return new MemoryDecision.Grow(brake, Math.Min(wall, highest), GrowthTrigger.Manual, wanted, "asked for");
    }
}
