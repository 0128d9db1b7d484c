using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Work that must not get in anybody's way.</summary>
internal static class BackgroundThread
{
    /// <summary>Runs it on a thread of its own, of the lowest priority.</summary>
    public static Task RunAsync(string name, Action work)
    {
        var result = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            // Task.FromException and its kin need the exception; RunSynchronously keeps it with the task.
            var task = new Task(() =>
            {
                ThreadPriorities.LowerCurrent();
                work();
            });
            task.RunSynchronously();
            result.TrySetFromTask(task);
        })
        { IsBackground = true, Name = name }.Start();
        return result.Task;
    }
}
