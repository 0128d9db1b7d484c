using Sleigh.Overlay;

namespace Sleigh.Runtime;

/// <summary>One write into a sandbox with a soft disk limit: what it has written counts before a look can see it. Not for several threads at once.</summary>
/// <param name="soft">The limit.</param>
/// <param name="look">Looks at what the layer holds now.</param>
/// <param name="refusal">What to say where it would be more than the limit.</param>
internal sealed class SoftRoom(SoftLimit soft, Func<CancellationToken, Task> look, Func<RuntimeException> refusal) : IWriteRoom, IDisposable
{
    // Of a limit: so much is written at most before a look finds what commands have written meanwhile.
    private const int Share = 10;

    private long _taken;
    private long _unchecked;

    /// <inheritdoc/>
    /// <exception cref="RuntimeException">It would be more than the limit, and a look has said the same.</exception>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellationToken)
    {
        _taken += bytes;
        _unchecked += bytes;
        soft.Grow(bytes);
        if (!soft.WouldBeOver && _unchecked <= soft.LimitBytes / Share)
        {
            return;
        }

        // Something may have been written or deleted since the last look.
        await look(cancellationToken);
        _unchecked = 0;
        if (soft.WouldBeOver)
        {
            throw refusal();
        }
    }

    /// <inheritdoc/>
    public void Place()
    {
        soft.Place(_taken);
        _taken = 0;
    }

    /// <summary>What has not been placed is gone.</summary>
    public void Dispose()
    {
        soft.Drop(_taken);
        _taken = 0;
    }
}
