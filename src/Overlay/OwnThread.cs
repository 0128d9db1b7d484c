using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Work that may wait long for the disk: on a thread of its own.</summary>
internal static class OwnThread
{
    /// <summary>Runs it with the usual priority.</summary>
    public static Task RunAsync(string name, Action work) => RunAsync(name, Returning(work));

    /// <inheritdoc cref="RunAsync(string, Action)"/>
    public static Task<T> RunAsync<T>(string name, Func<T> work)
    {
        var task = new Task<T>(work, TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(task.RunSynchronously) { IsBackground = true, Name = name }.Start();
        return task;
    }

    /// <summary>Runs it with the lowest priority, so that it gets in nobody's way.</summary>
    public static Task RunInBackgroundAsync(string name, Action work) => RunAsync(
        name,
        () =>
        {
            ThreadPriorities.LowerCurrent();
            work();
        });

    private static Func<bool> Returning(Action work) => () =>
    {
        work();
        return true;
    };
}
