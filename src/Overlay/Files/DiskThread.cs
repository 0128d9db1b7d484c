using System.Collections.Concurrent;

namespace Sleigh.Overlay;

/// <summary>
/// A thread for one caller's reads and writes that may wait for the disk: the threads of the pool stay free for the others. It starts
/// with the first work.
/// </summary>
internal sealed class DiskThread : IDisposable
{
    private readonly BlockingCollection<Task> _work = [];
    private Thread? _thread;

    /// <summary>Runs it behind what was asked before. One caller at a time.</summary>
    public async Task<T> RunAsync<T>(Func<T> work)
    {
        var task = new Task<T>(work, TaskCreationOptions.RunContinuationsAsynchronously);
        if (_thread is null)
        {
            _thread = new Thread(Run) { IsBackground = true, Name = "disk" };
            _thread.Start();
        }

        _work.Add(task);
        return await task;
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Action work) => RunAsync(() =>
    {
        work();
        return true;
    });

    /// <summary>No more work comes; the thread ends by itself.</summary>
    public void Dispose()
    {
        _work.CompleteAdding();
        if (_thread is null)
        {
            _work.Dispose();
        }
    }

    private void Run()
    {
        foreach (Task task in _work.GetConsumingEnumerable())
        {
            task.RunSynchronously();
        }

        _work.Dispose();
    }
}
