namespace Sleigh.Runtime;

/// <summary>The pool of parked containers.</summary>
public interface IWarmPool
{
    /// <summary>As it is now.</summary>
    WarmPoolStatus Status { get; }

    /// <summary>Fills it; answers when it is full, when it cannot be filled, or after 25 s with what there is then.</summary>
    /// <exception cref="RuntimeException"><see cref="ErrorKind.HostMemoryLow"/>: the host is short of memory.</exception>
    Task<WarmPoolStatus> RefillAsync(CancellationToken cancellationToken);
}
