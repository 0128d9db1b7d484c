using Sleigh.Containerd;

namespace Sleigh.IntegrationTests.Containerd;

/// <summary>Waits with an end for what takes a moment.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Tries again while the call fails with a kind that passes.</summary>
    public static async Task<T> Async<T>(Func<Task<T>> call, ContainerdErrorKind passing)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await call();
            }
            catch (ContainerdException ex) when (ex.Kind == passing && TimeProvider.System.GetElapsedTime(begin) < Limit)
            {
                await Task.Delay(5);
            }
        }
    }

    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Limit, $"within 10 s: {what}");
            await Task.Delay(5);
        }
    }
}
