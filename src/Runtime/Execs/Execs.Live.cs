using Sleigh.Linux;
using Sleigh.Runtime.Init;

namespace Sleigh.Runtime;

/// <content>Following a command's output, and writing to it, while it runs.</content>
internal sealed partial class Execs
{
    // End of transmission: what Ctrl-D sends.
    private static readonly byte[] EndOfTransmission = [4];

    /// <inheritdoc/>
    public ExecChanges Watch(ExecId id)
    {
        ExecChanges changes = new();
        if (_running.TryGetValue(id, out RunningExec? running))
        {
            try
            {
                changes.Own(FileChanges.Shared.Watch(_spool.RecordPath(id), changes.Signal));
            }
            catch (KernelException e) when (e.Errno == Errno.ENOENT)
            {
                // It has ended and was removed in this moment; the look that follows finds that.
            }

            _ = running.Final.ContinueWith(
                _ => changes.Signal(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        return changes;
    }

    /// <inheritdoc/>
    public OutputPiece ReadLive(ExecId id, ExecStream stream, long offset, int limit)
    {
        Exec exec = Find(id) ?? throw RuntimeException.NoExec(id);
        long total = Total(exec, stream);
        return _spool.ReadLive(id, stream, offset, limit, () => exec.IsFinal ? total : Total(Find(id) ?? exec, stream)) is var (from, data)
            ? new OutputPiece(from, data, total, _spool.Stored(id, total), exec.IsFinal)
            : throw new RuntimeException(ErrorKind.NotFound, $"resource not found: output of exec {id}");
    }

    /// <inheritdoc/>
    public async Task<bool> WriteInputAsync(ExecId id, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _running.TryGetValue(id, out RunningExec? running) && running.Input is ExecInput input && await input.WriteAsync(bytes, cancellationToken);

    /// <inheritdoc/>
    public async Task EndInputAsync(ExecId id, CancellationToken cancellationToken)
    {
        if (!_running.TryGetValue(id, out RunningExec? running) || running.Input is not ExecInput input)
        {
            return;
        }

        if (running.Row.Exec.Input == LiveInput.Terminal)
        {
            await input.WriteAsync(EndOfTransmission, cancellationToken);
            return;
        }

        await input.EndAsync(cancellationToken);
        if (running.Slot is { } slot)
        {
            await slot.Init.EndInputAsync(id, CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async Task ResizeAsync(ExecId id, TerminalSize size, CancellationToken cancellationToken)
    {
        if (_running.TryGetValue(id, out RunningExec? running) && running is { Slot: { } slot, Row.Exec.Input: LiveInput.Terminal })
        {
            await slot.Init.ResizeAsync(id, size, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task SignalAsync(ExecId id, int signal, CancellationToken cancellationToken)
    {
        if (_running.TryGetValue(id, out RunningExec? running) && running.Slot is { } slot)
        {
            await slot.Init.SignalAsync(id, signal, cancellationToken);
        }
    }

    /// <summary>The write end of live input; null where there is none, or where it has ended.</summary>
    private ExecInput? InputOf(ExecId id, LiveInput kind) =>
        kind != LiveInput.None && File.Exists(_spool.InputPath(id)) ? new ExecInput(_spool.InputPath(id)) : null;

    // The end was recorded, by taking the FIFO's name away, but sleigh-init may not have been told.
    private async Task EndEndedInputsAsync(Slots.Slot slot)
    {
        foreach (RunningExec running in _running.Values.Where(r => r.Slot == slot && r.Row.Exec.Input == LiveInput.Stream))
        {
            if (!running.IsStarting && !File.Exists(_spool.InputPath(running.Id)))
            {
                await slot.Init.EndInputAsync(running.Id, CancellationToken.None);
            }
        }
    }

    private static long Total(Exec exec, ExecStream stream) => stream == ExecStream.Stdout ? exec.StdoutBytes : exec.StderrBytes;
}
