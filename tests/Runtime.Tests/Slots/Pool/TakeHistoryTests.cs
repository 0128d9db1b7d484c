using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots.Pool;

public sealed class TakeHistoryTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly TakeHistory _history = new();

    [Fact]
    public void Nothing_taken_is_no_peak()
    {
        Assert.Equal(0, _history.Peak(Second, Second));
        Assert.Equal(0, _history.Misses(Second, Second));
    }

    [Fact]
    public void The_peak_is_the_most_within_one_window()
    {
        Add(1.0, 1.5, 1.9, 2.0, 2.05, 8.0, 8.2);

        Assert.Equal(4, _history.Peak(Second, At(9)));
        Assert.Equal(7, _history.Peak(TimeSpan.FromSeconds(10), At(9)));
        Assert.Equal(2, _history.Peak(TimeSpan.Zero, At(9)));
    }

    [Fact]
    public void A_rush_is_forgotten_after_the_time_remembered()
    {
        Add(1.0, 1.0, 1.0, 50.0);

        Assert.Equal(3, _history.Peak(Second, At(1) + TakeHistory.Memory));
        Assert.Equal(1, _history.Peak(Second, At(1.2) + TakeHistory.Memory));
        Assert.Equal(0, _history.Peak(Second, At(51) + TakeHistory.Memory));
    }

    [Fact]
    public void Only_late_misses_count()
    {
        _history.Add(At(1), missed: true);
        _history.Add(At(5), missed: true);
        _history.Add(At(5), missed: false);
        _history.Add(At(5.5), missed: true);

        Assert.Equal(2, _history.Misses(Second, At(5.9)));
        Assert.Equal(0, _history.Misses(Second, At(7)));
        Assert.Equal(3, _history.Misses(TimeSpan.FromSeconds(10), At(7)));
    }

    [Fact]
    public void The_peak_is_the_one_that_counting_each_window_gives()
    {
        Random random = new(5);
        double now = 1;
        List<long> steps = [];
        for (int i = 0; i < 500; i++)
        {
            now += random.NextDouble() * 0.3;
            _history.Add(At(now), missed: false);
            steps.Add((long)(At(now).Ticks / (TimeSpan.TicksPerSecond / 10)));
        }

        long first = (At(now) - TakeHistory.Memory).Ticks / (TimeSpan.TicksPerSecond / 10);
        int expected = steps.Where(s => s >= first).Max(s => steps.Count(t => t >= first && t <= s && t > s - 20));
        Assert.Equal(expected, _history.Peak(TimeSpan.FromSeconds(2), At(now)));
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private void Add(params double[] times) => Array.ForEach(times, t => _history.Add(At(t), missed: false));
}
