using Sleigh.Runtime.Tests.Images;

namespace Sleigh.Runtime.Tests.Sandboxes;

/// <summary><c>limits.creates_per_minute_per_session</c>.</summary>
public sealed class CreatePaceTests
{
    private readonly ManualTime _time = new();
    private readonly CreatePace _pace;
    private readonly SessionId _session = SessionId.New();

    public CreatePaceTests() => _pace = new CreatePace(_time);

    [Fact]
    public void A_minutes_number_may_be_made_at_once_and_then_evenly()
    {
        for (int i = 0; i < 6; i++)
        {
            _pace.Take(_session, 1, 6);
        }

        RuntimeException refused = Refused(1, 6);
        Assert.Equal((ErrorKind.RateLimited, "the session may make 6 sandboxes per minute; try again in 10 s"), (refused.Kind, refused.Message));
        Assert.Equal(TimeSpan.FromSeconds(10), refused.RetryAfter);

        _time.Advance(TimeSpan.FromSeconds(9.5));
        Assert.Equal(TimeSpan.FromSeconds(1), Refused(1, 6).RetryAfter);
        _time.Advance(TimeSpan.FromSeconds(0.5));
        _pace.Take(_session, 1, 6);
        Refused(1, 6);
    }

    [Fact]
    public void The_time_told_is_the_time_that_grants()
    {
        _pace.Take(_session, 7, 7);
        TimeSpan wait = Refused(1, 7).RetryAfter!.Value;
        Assert.Equal(TimeSpan.FromSeconds(9), wait);

        _time.Advance(wait);

        _pace.Take(_session, 1, 7);
    }

    [Fact]
    public void Each_copy_of_a_fork_counts()
    {
        _pace.Take(_session, 4, 6);

        Assert.Equal(TimeSpan.FromSeconds(10), Refused(3, 6).RetryAfter);
        _pace.Take(_session, 2, 6);
    }

    [Fact]
    public void A_fork_of_more_than_a_minutes_number_takes_a_full_bucket_and_leaves_a_debt()
    {
        _pace.Take(_session, 64, 6);

        // 64 - 6 of debt, and one more: 59 tenths of a minute.
        Assert.Equal(TimeSpan.FromSeconds(590), Refused(1, 6).RetryAfter);
        _time.Advance(TimeSpan.FromSeconds(590));
        _pace.Take(_session, 1, 6);
        Assert.Equal(TimeSpan.FromSeconds(60), Refused(64, 6).RetryAfter);
    }

    [Fact]
    public void Sessions_do_not_count_for_each_other_and_without_a_limit_nothing_counts()
    {
        _pace.Take(_session, 6, 6);
        Refused(1, 6);

        _pace.Take(SessionId.New(), 6, 6);
        _pace.Take(_session, 1000, null);
        _time.Advance(TimeSpan.FromSeconds(10));
        _pace.Take(_session, 1, 6);
    }

    [Fact]
    public void Sessions_that_made_nothing_lately_are_forgotten()
    {
        for (int i = 0; i < 256; i++)
        {
            _pace.Take(SessionId.New(), 1, 6);
        }

        _time.Advance(TimeSpan.FromMinutes(1));
        _pace.Take(_session, 1, 6);

        Assert.Equal(1, _pace.Count);
    }

    private RuntimeException Refused(int count, int limit) => Assert.Throws<RuntimeException>(() => _pace.Take(_session, count, limit));
}
