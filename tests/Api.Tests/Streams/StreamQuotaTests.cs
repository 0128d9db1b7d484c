using Sleigh.Api.Errors;
using Sleigh.Api.Streams;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Streams;

public sealed class StreamQuotaTests
{
    private static Session New(bool administrator = false) =>
        new() { Id = SessionId.New(), Created = DateTimeOffset.UnixEpoch, LastUsed = DateTimeOffset.UnixEpoch, IsAdministrator = administrator };

    [Fact]
    public void One_more_than_the_limit_is_429_with_the_quotas_name()
    {
        StreamQuota quota = new();
        Session session = New();
        using IDisposable first = quota.Enter(session, 2);
        using IDisposable second = quota.Enter(session, 2);

        ApiError error = Assert.Throws<ApiException>(() => quota.Enter(session, 2)).Error;

        Assert.Equal((429, "quota_exceeded"), (error.Status, error.Code));
        Assert.Equal("the session holds 2 streams open already; close one first", error.Message);
        Assert.Equal("streams_per_session", error.Details["quota"]);
        Assert.Equal(2, error.Details["limit"]);
        using IDisposable other = quota.Enter(New(), 2);
    }

    [Fact]
    public void A_place_is_given_back_once()
    {
        StreamQuota quota = new();
        Session session = New();
        IDisposable first = quota.Enter(session, 2);
        using IDisposable second = quota.Enter(session, 2);

        first.Dispose();
        first.Dispose();

        Assert.Equal(1, quota.Count(session.Id));
        quota.Enter(session, 2).Dispose();
        Assert.Equal(1, quota.Count(session.Id));
    }

    [Fact]
    public void The_administrator_has_no_limit()
    {
        StreamQuota quota = new();
        Session session = New(administrator: true);

        for (int i = 1; i <= 3; i++)
        {
            _ = quota.Enter(session, 1);
            Assert.Equal(i, quota.Count(session.Id));
        }
    }
}
