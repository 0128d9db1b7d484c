namespace Sleigh.Runtime;

/// <summary>Compares what is recorded with what is there, while the daemon serves.</summary>
public interface IFsck
{
    /// <summary>
    /// Looks at records, layers and mounts. What seems wrong is looked at a second time some seconds later, so that a change under way is not taken for
    /// a fault.
    /// </summary>
    /// <param name="repair">Whether to mend what can be mended without losing anything.</param>
    /// <param name="cancellationToken">Gives up between two repairs.</param>
    Task<FsckReport> RunAsync(bool repair, CancellationToken cancellationToken);
}
