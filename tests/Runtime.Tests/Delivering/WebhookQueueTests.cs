namespace Sleigh.Runtime.Tests.Delivering;

/// <summary>Which deliveries go next.</summary>
public sealed class WebhookQueueTests
{
    private const string Slow = "http://slow.example/";

    private readonly WebhookQueue _queue = new(4, 2);

    [Fact]
    public void The_soonest_goes_first_and_not_before_its_time()
    {
        WebhookDeliveryId late = Add("http://a.example/1", 5);
        WebhookDeliveryId soon = Add("http://a.example/2", 3);

        Assert.Equal(TimeSpan.FromSeconds(3), _queue.NextDue);
        Assert.Empty(Take(2.9));
        Assert.Equal([soon], Take(3).Select(t => t.Id));
        Assert.Equal([late], Take(9).Select(t => t.Id));
        Assert.Null(_queue.NextDue);
    }

    [Fact]
    public void One_receiver_takes_no_more_than_its_share_and_its_waiting_ones_hold_up_nobody()
    {
        for (int i = 0; i < 10; i++)
        {
            Add(Slow + i, 0);
        }

        WebhookDeliveryId other = Add("http://fast.example/", 1);
        IReadOnlyList<QueuedTry> first = Take(0);

        Assert.Equal(2, first.Count);
        Assert.Equal(TimeSpan.FromSeconds(1), _queue.NextDue);
        Assert.Equal([other], Take(1).Select(t => t.Id));
        _queue.Done(first[0]);
        Assert.StartsWith("http://slow", Assert.Single(Take(1)).Receiver, StringComparison.Ordinal);
    }

    [Fact]
    public void All_together_are_bounded()
    {
        for (int i = 0; i < 9; i++)
        {
            Add($"http://r{i}.example/", 0);
        }

        IReadOnlyList<QueuedTry> running = Take(0);

        Assert.Equal(4, running.Count);
        Assert.Null(_queue.NextDue);
        _queue.Again(running[0], TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.Zero, _queue.NextDue);
        Assert.Single(Take(0));
    }

    [Fact]
    public void One_that_waits_is_not_added_twice_and_one_under_way_comes_back_once()
    {
        WebhookDeliveryId id = Add(Slow, 0);
        _queue.Add(id, Slow, TimeSpan.Zero);
        QueuedTry only = Assert.Single(Take(0));
        _queue.Add(id, Slow, TimeSpan.FromSeconds(2));
        Assert.Empty(Take(9));

        _queue.Done(only);

        Assert.Empty(Take(1.9));
        QueuedTry again = Assert.Single(Take(2));
        Assert.Equal(id, again.Id);
        _queue.Done(again);
        Assert.Empty(Take(9));
        _queue.Add(id, Slow, TimeSpan.Zero);
        Assert.Single(Take(9));
    }

    private WebhookDeliveryId Add(string url, double due)
    {
        WebhookDeliveryId id = WebhookDeliveryId.New();
        _queue.Add(id, url, TimeSpan.FromSeconds(due));
        return id;
    }

    private IReadOnlyList<QueuedTry> Take(double now) => _queue.TakeDue(TimeSpan.FromSeconds(now));
}
