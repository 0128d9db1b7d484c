namespace Sleigh.Api.Tests.Fakes;

/// <summary>A clock that stands; timers are real unless <see cref="Hurry"/> divides their time.</summary>
internal sealed class FixedTime : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 1, 5, 9, 0, 1, 120, TimeSpan.Zero);

    public int Hurry { get; set; } = 1;

    public override DateTimeOffset GetUtcNow() => Now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime / Hurry, period);
}
