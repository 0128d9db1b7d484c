using Microsoft.Win32.SafeHandles;

namespace Sleigh.Runtime;

/// <summary>The open files of a new exec. The record stays open with the exec; the others are sleigh-init's once it has them.</summary>
/// <param name="Stdout">Takes standard output.</param>
/// <param name="Stderr">Takes standard error.</param>
/// <param name="Record">Takes the record.</param>
/// <param name="Input">The end of the input FIFO that is read; null without live input.</param>
/// <param name="Hold">Its other end, which keeps the input from ending; null without live input.</param>
internal sealed record SpoolFiles(
    SafeFileHandle Stdout, SafeFileHandle Stderr, SafeFileHandle Record, SafeFileHandle? Input = null, SafeFileHandle? Hold = null) : IDisposable
{
    /// <summary>Closes all but the record.</summary>
    public void Dispose()
    {
        Stdout.Dispose();
        Stderr.Dispose();
        Input?.Dispose();
        Hold?.Dispose();
    }
}
