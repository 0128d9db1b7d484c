using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Tests.Slots.Pool;

public sealed class PoolDemandTests
{
    private static readonly PoolDemandSample Quiet = new(2, 16, 2, 2, 0, 0, TimeSpan.FromHours(1));

    [Fact]
    public void Without_takes_it_stays_at_the_size() => Assert.Equal(new PoolDemandDecision(2, "as before"), PoolDemand.Decide(Quiet));

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_maximum_no_larger_than_the_size_switches_demand_off(int max) => Assert.Equal(
        new PoolDemandDecision(2, "the size is fixed"),
        PoolDemand.Decide(Quiet with { MaxSize = max, PeakTakes = 50, Misses = 48, Available = 0 }));

    [Fact]
    public void A_rush_that_found_the_pool_empty_raises_it_at_once_to_what_was_taken() => Assert.Equal(
        new PoolDemandDecision(9, "9 were taken in a short time, 7 of the last found none"),
        PoolDemand.Decide(Quiet with { PeakTakes = 9, Misses = 7, Available = 0, SinceChange = TimeSpan.Zero }));

    [Fact]
    public void An_empty_pool_is_raised_before_the_first_miss() =>
        Assert.Equal(5, PoolDemand.Decide(Quiet with { PeakTakes = 5, Available = 0 }).Target);

    [Fact]
    public void A_rush_that_the_pool_could_serve_does_not_raise_it() =>
        Assert.Equal(2, PoolDemand.Decide(Quiet with { PeakTakes = 5, Available = 1 }).Target);

    [Fact]
    public void It_shrinks_by_one_and_only_after_a_while()
    {
        PoolDemandSample after = Quiet with { Target = 9, PeakTakes = 4 };

        Assert.Equal(9, PoolDemand.Decide(after with { SinceChange = PoolDemand.ShrinkEvery - TimeSpan.FromTicks(1) }).Target);
        Assert.Equal(new PoolDemandDecision(8, "at most 4 were taken at a time lately"), PoolDemand.Decide(after with { SinceChange = PoolDemand.ShrinkEvery }));
        Assert.Equal(4, PoolDemand.Decide(after with { Target = 4 }).Target);
    }

    [Fact]
    public void The_window_is_ten_makes_within_a_second_and_ten()
    {
        Assert.Equal(1, PoolDemand.Window(TimeSpan.FromMilliseconds(20)).TotalSeconds);
        Assert.Equal(3, PoolDemand.Window(TimeSpan.FromMilliseconds(300)).TotalSeconds);
        Assert.Equal(10, PoolDemand.Window(TimeSpan.FromSeconds(20)).TotalSeconds);
    }

    [Fact]
    public void Whatever_comes_it_stays_between_size_and_maximum_and_goes_down_by_one_at_most()
    {
        Random random = new(11);
        for (int i = 0; i < 100_000; i++)
        {
            int size = random.Next(0, 20);
            int max = random.Next(0, 40);
            PoolDemandSample sample = new(
                size, max, random.Next(0, 50), random.Next(0, 50), random.Next(0, 100), random.Next(0, 100), TimeSpan.FromSeconds(random.Next(0, 20)));

            int target = PoolDemand.Decide(sample).Target;

            Assert.InRange(target, size, Math.Max(size, max));
            if (max > size)
            {
                Assert.True(target >= Math.Clamp(sample.Target, size, max) - 1, $"{sample} gives {target}");
            }
        }
    }

    [Theory]
    [InlineData(50, 70)]
    [InlineData(130, 70)]
    [InlineData(300, 150)]
    [InlineData(470, 400)]
    [InlineData(1000, 300)]
    [InlineData(2300, 150)]
    [InlineData(45_000, 150)]
    public void Steady_demand_lets_it_rest_after_the_first_minute(int everyMs, int makeMs)
    {
        Simulation world = new(size: 1, max: 16, TimeSpan.FromMilliseconds(makeMs));
        world.Run(TimeSpan.FromMinutes(1), every: everyMs);
        (int changes, int missed) = (world.Changes, world.Missed);

        world.Run(TimeSpan.FromMinutes(20), every: everyMs);

        Assert.Equal(changes, world.Changes);
        if (everyMs >= makeMs)
        {
            Assert.Equal(missed, world.Missed);
        }
    }

    [Fact]
    public void A_rush_finds_the_pool_ready_the_second_time_and_is_forgotten_in_the_end()
    {
        Simulation world = new(size: 1, max: 16, TimeSpan.FromMilliseconds(150));
        world.Rush(8);
        int missed = world.Missed;
        world.Run(TimeSpan.FromSeconds(30), every: int.MaxValue);
        world.Rush(8);
        Assert.Equal((7, 7), (missed, world.Missed));
        Assert.Equal(8, world.Target);

        world.Run(TakeHistory.Memory + (PoolDemand.ShrinkEvery * 9), every: int.MaxValue);

        Assert.Equal(1, world.Target);
    }

    /// <summary>A pool by the rule, whose members are made one after the other.</summary>
    private sealed class Simulation
    {
        private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

        private readonly int _size;
        private readonly int _max;
        private readonly TimeSpan _make;
        private readonly TakeHistory _history = new();
        private TimeSpan _now = TimeSpan.FromSeconds(1);
        private TimeSpan _next = TimeSpan.FromSeconds(1);
        private TimeSpan _changed;
        private TimeSpan? _ready;
        private int _available;

        public Simulation(int size, int max, TimeSpan make)
        {
            (_size, _max, _make) = (size, max, make);
            (Target, _available) = (size, size);
        }

        public int Target { get; private set; }

        public int Changes { get; private set; }

        public int Missed { get; private set; }

        public void Run(TimeSpan time, int every)
        {
            TimeSpan end = _now + time;
            for (; _now < end; _now += Tick)
            {
                if (every != int.MaxValue && _now >= _next)
                {
                    Take();
                    _next += TimeSpan.FromMilliseconds(every);
                }

                Step();
            }
        }

        public void Rush(int count)
        {
            for (int i = 0; i < count; i++)
            {
                Take();
            }
        }

        private void Take()
        {
            bool missed = _available == 0;
            Missed += missed ? 1 : 0;
            _available -= missed ? 0 : 1;
            _history.Add(_now, missed);
            Decide();
        }

        private void Step()
        {
            if (_now >= _ready)
            {
                _ready = null;
                _available++;
            }

            Decide();
            if (_available > Target)
            {
                _available--;
            }
            else if (_available < Target)
            {
                _ready ??= _now + _make;
            }
        }

        private void Decide()
        {
            TimeSpan window = PoolDemand.Window(_make);
            int target = PoolDemand.Decide(new PoolDemandSample(
                _size, _max, Target, _available, _history.Peak(window, _now), _history.Misses(window, _now), _now - _changed)).Target;
            if (target != Target)
            {
                (Target, _changed) = (target, _now);
                Changes++;
            }
        }
    }
}
