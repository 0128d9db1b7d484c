namespace Sleigh.Runtime.Checks;

/// <summary>A named look at one thing of the host. It reads only.</summary>
internal sealed record HostCheck(string Name, Func<CancellationToken, Task<Finding>> LookAsync)
{
    /// <summary>A look that blocks: it gets a thread of its own, so that a mount that hangs holds nobody else up.</summary>
    public HostCheck(string name, Func<Finding> look)
        : this(name, _ => Task.Factory.StartNew(look, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))
    {
    }
}
