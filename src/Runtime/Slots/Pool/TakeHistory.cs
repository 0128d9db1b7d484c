namespace Sleigh.Runtime.Slots;

/// <summary>When members were taken lately, and when none was there, in steps of a tenth of a second. Not safe for several threads.</summary>
internal sealed class TakeHistory
{
    /// <summary>How long a take is remembered, and with it the demand that it showed.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromMinutes(2);

    private const long StepTicks = TimeSpan.TicksPerSecond / 10;

    private readonly LinkedList<Step> _steps = [];

    /// <summary>Notes a take.</summary>
    /// <param name="now">Since any fixed moment; never less than before.</param>
    /// <param name="missed">Whether none was there.</param>
    public void Add(TimeSpan now, bool missed)
    {
        long number = now.Ticks / StepTicks;
        Step step = _steps.Last is { } last && last.Value.Number == number ? last.Value : new Step(number, 0, 0);
        if (step.Takes > 0)
        {
            _steps.RemoveLast();
        }

        _steps.AddLast(step with { Takes = step.Takes + 1, Misses = step.Misses + (missed ? 1 : 0) });
        Forget(now);
    }

    /// <summary>The most takes within any time as long as <paramref name="window"/>, as far as remembered.</summary>
    public int Peak(TimeSpan window, TimeSpan now)
    {
        Forget(now);
        long length = Math.Max(1, window.Ticks / StepTicks);
        int peak = 0;
        int sum = 0;
        LinkedListNode<Step>? oldest = _steps.First;
        for (LinkedListNode<Step>? newest = oldest; newest is not null; newest = newest.Next)
        {
            sum += newest.Value.Takes;
            for (; oldest!.Value.Number <= newest.Value.Number - length; oldest = oldest.Next!)
            {
                sum -= oldest.Value.Takes;
            }

            peak = Math.Max(peak, sum);
        }

        return peak;
    }

    /// <summary>Takes that found none within the last <paramref name="window"/>.</summary>
    public int Misses(TimeSpan window, TimeSpan now)
    {
        long first = (now - window).Ticks / StepTicks;
        int misses = 0;
        for (LinkedListNode<Step>? step = _steps.Last; step is not null && step.Value.Number >= first; step = step.Previous)
        {
            misses += step.Value.Misses;
        }

        return misses;
    }

    private void Forget(TimeSpan now)
    {
        long first = (now - Memory).Ticks / StepTicks;
        while (_steps.First is { } step && step.Value.Number < first)
        {
            _steps.RemoveFirst();
        }
    }

    private readonly record struct Step(long Number, int Takes, int Misses);
}
