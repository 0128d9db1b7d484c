using System.Diagnostics.CodeAnalysis;
using Sleigh.Linux;

namespace Sleigh.Runtime;

/// <summary>
/// The daemon's end of a command's live input, shared by all who write. It is opened with the first byte and holds none: a writer
/// waits until the command has read.
/// </summary>
[SuppressMessage("Usage", "CA2213", Justification = "Writers may still look at the semaphore and the token when the exec has ended; neither holds a handle.")]
internal sealed class ExecInput(string path) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _ended = new();
    private FifoWriter? _fifo;

    /// <summary>Writes one piece, whole and in its turn. False when the input has ended or nobody reads it any more.</summary>
    public async Task<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
        try
        {
            await _turn.WaitAsync(either.Token);
            try
            {
                _fifo ??= FifoWriter.TryOpen(path);
                return _fifo is not null && await _fifo.WriteAsync(bytes, either.Token);
            }
            finally
            {
                _turn.Release();
                CloseIfEnded();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Ends the input behind all that was written. The name goes first: it is the record that the input has ended.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            File.Delete(path);
            await _ended.CancelAsync();
        }
        finally
        {
            _turn.Release();
            CloseIfEnded();
        }
    }

    /// <summary>The exec has ended: nobody reads any more.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        CloseIfEnded();
    }

    // Whoever holds the turn does it when it gives the turn back.
    private void CloseIfEnded()
    {
        if (_ended.IsCancellationRequested && _turn.Wait(0))
        {
            _fifo?.Dispose();
            _turn.Release();
        }
    }
}
