namespace Sleigh.Containerd;

/// <summary>A token that ends with the caller's, or after a time.</summary>
internal sealed class Stall : IDisposable
{
    private readonly CancellationTokenSource _clock;
    private readonly CancellationTokenSource _both;

    public Stall(TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        _clock = new CancellationTokenSource(limit, time);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_clock.Token, cancellationToken);
    }

    public CancellationToken Token => _both.Token;

    public void Dispose()
    {
        _both.Dispose();
        _clock.Dispose();
    }
}
