using Sleigh.Cgroups.Growth;

namespace Sleigh.Runtime.Memory;

/// <summary>Gathers what is taken for the sake of one sandbox.</summary>
internal sealed class TakeBackPlan
{
    private readonly LedgerLine _needy;
    private readonly GrowthOptions _options;
    private readonly bool _isCacheOfUse;
    private readonly Dictionary<string, Taking> _takings = [];
    private long _freed;
    private long _swap;

    public TakeBackPlan(LedgerLine needy, GrowthOptions options, bool isCacheOfUse, long swapFree)
    {
        _swap = swapFree;
        _needy = needy;
        _options = options;
        _isCacheOfUse = isCacheOfUse;
    }

    public IReadOnlyList<TakeBack> Steps => [.. _takings.Values.Select(taking => taking.Step)];

    /// <summary>Promises nobody uses, and page cache, of those who are idle.</summary>
    public void TakeUnused(IReadOnlyList<LedgerLine> lines, long bytes)
    {
        IEnumerable<(LedgerLine Line, Taking Most)> candidates = lines
            .Where(line => line.Idle && line.Name != _needy.Name)
            .Select(line => (line, Take(line, Droppable(line), Needed(line), isFrozen: false)));
        foreach ((LedgerLine line, Taking most) in candidates.Where(c => c.Most.Freed > 0).OrderByDescending(c => c.Most.Freed))
        {
            if (_freed >= bytes)
            {
                return;
            }

            Put(line, Part(line, most, bytes - _freed));
        }
    }

    /// <summary>All memory of idle ones of lower priority that there is a place for: page cache goes, the rest needs swap.</summary>
    public void Squeeze(IReadOnlyList<LedgerLine> lines, long bytes)
    {
        IEnumerable<(LedgerLine Line, long More)> candidates = lines
            .Where(line => line.Idle && !line.Frozen && line.Priority < _needy.Priority && line.Name != _needy.Name)
            .Select(line => (line, Squeezed(line, Squeezable(line)).Freed - FreedOf(line)));
        foreach ((LedgerLine line, _) in candidates.Where(c => c.More > 0).OrderByDescending(c => c.More))
        {
            long wanted = bytes - _freed + FreedOf(line);
            if (_freed >= bytes)
            {
                return;
            }

            Taking part = Squeezed(line, Math.Min(wanted, Squeezable(line)));
            Taking taken = part.Freed >= wanted ? part : Squeezed(line, Squeezable(line));
            if (taken.Freed > FreedOf(line))
            {
                Put(line, taken);
                _swap -= Math.Min(_swap, Math.Min(HeldBy(line), taken.Step.Reclaim));
            }
        }
    }

    private long FreedOf(LedgerLine line) => _takings.TryGetValue(line.Name, out Taking taking) ? taking.Freed : 0;

    private void Put(LedgerLine line, Taking taking)
    {
        _freed += taking.Freed - FreedOf(line);
        _takings[line.Name] = taking;
    }

    private long Needed(LedgerLine line) => Mebibytes.Whole(line.WorkingSet * _options.GiveBackSlack);

    private long Droppable(LedgerLine line) => _isCacheOfUse ? Mebibytes.Down(line.Usage - Needed(line)) : 0;

    private long Squeezable(LedgerLine line) =>
        Math.Min(line.Usage, Mebibytes.Add(_isCacheOfUse ? line.Usage - HeldBy(line) : 0, Math.Min(HeldBy(line), _swap)));

    private static long HeldBy(LedgerLine line) => Math.Min(line.Held ?? line.WorkingSet, line.Usage);

    private Taking Squeezed(LedgerLine line, long bytes) =>
        Take(line, Math.Min(Mebibytes.Down(Squeezable(line)), Mebibytes.Up(bytes)), needed: 0, isFrozen: true);

    // Only as much of it as is needed, where that can be cut.
    private Taking Part(LedgerLine line, Taking most, long bytes)
    {
        if (most.Freed <= bytes)
        {
            return most;
        }

        Taking part = line.Brake > line.Start
            ? Take(line, most.Step.Reclaim, Math.Max(Needed(line), GrowthPolicy.BrakeBelow(line.Promised - bytes, _options)), isFrozen: false)
            : Take(line, Math.Min(most.Step.Reclaim, Mebibytes.Up(bytes)), Needed(line), isFrozen: false);
        return part.Freed >= bytes && part.Freed < most.Freed ? part : most;
    }

    // The brake falls to what is needed, at least to what will be in use; no more is reclaimed than that asks for.
    private Taking Take(LedgerLine line, long reclaim, long needed, bool isFrozen)
    {
        long least = Math.Max(Mebibytes.Up(line.Start), Mebibytes.Up(Math.Max(needed, line.Usage - reclaim)));
        bool isGrown = line.Brake > line.Start;
        long brake = isGrown ? Math.Min(line.Brake, least) : line.Brake;
        long wall = isGrown ? Math.Min(line.Wall, Math.Max(GrowthPolicy.WallOf(brake, _options), Mebibytes.Up(line.Usage))) : line.Wall;
        if (isGrown && brake > line.Start && !isFrozen)
        {
            reclaim = Math.Min(reclaim, Mebibytes.Up(Math.Max(0, line.Usage - brake)));
        }

        long freed = line.Promised - GrowthPolicy.Promised(line.Usage - reclaim, brake, wall, line.Start);
        return new Taking(new TakeBack(line.Name, brake, wall, reclaim, isFrozen, Reason(line, freed, isFrozen)), freed);
    }

    private string Reason(LedgerLine line, long freed, bool isFrozen) => isFrozen
        ? $"idle and of lower priority: frozen and squeezed by {Mebibytes.Text(freed)} for {_needy.Name}"
        : $"idle, {Mebibytes.Text(line.WorkingSet)} of {Mebibytes.Text(line.Promised)} needed: {Mebibytes.Text(freed)} for {_needy.Name}";

    private readonly record struct Taking(TakeBack Step, long Freed);
}
