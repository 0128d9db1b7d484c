using System.Collections.Concurrent;
using Microsoft.Extensions.Logging.Abstractions;
using Sleigh.Daemon.Service;
using Sleigh.Runtime;

namespace Sleigh.Daemon.Tests.Service;

public sealed class HealthWatchTests
{
    [Fact]
    public async Task A_trouble_is_shown_until_it_has_gone()
    {
        ConcurrentQueue<string> shown = new();
        int checks = 0;
        using CancellationTokenSource stop = new();
        HealthWatch watch = new(
            _ =>
            {
                checks++;
                return Task.FromResult<IReadOnlyList<HealthCheck>>(
                    [new HealthCheck("containerd", checks > 1, checks > 1 ? null : "containerd does not answer"), new HealthCheck("database", true, null)]);
            },
            troubles => shown.Enqueue(string.Join(", ", troubles)),
            TimeProvider.System,
            NullLogger.Instance);
        Task running = watch.RunAsync(stop.Token);
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        while (shown.Count < 2)
        {
            await Task.Delay(20, limit.Token);
        }

        await stop.CancelAsync();
        await running;
        Assert.Equal(["containerd does not answer", ""], shown.Take(2));
    }
}
