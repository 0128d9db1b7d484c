using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;
using Sleigh.Overlay;
using Sleigh.Runtime.Records;

namespace Sleigh.Runtime;

/// <summary>Remembers the temporary names of files that are being written, and removes at start those that a killed daemon has left.</summary>
internal sealed partial class FileWrites
{
    private readonly RecordStore _records;
    private readonly LayerStore _layers;
    private readonly ILogger _logger;

    public FileWrites(RecordStore records, LayerStore layers, ILogger logger) => (_records, _layers, _logger) = (records, layers, logger);

    /// <summary>Those of one sandbox.</summary>
    public ITemporaryNames Of(SandboxId sandbox) => new Names(_records, sandbox);

    /// <summary>Removes what is left, before anything new is written. What cannot be removed now is tried again at the next start.</summary>
    public async Task ForgetAsync(SandboxTable table)
    {
        foreach ((SandboxId sandbox, string path) in _records.ReadFileWrites())
        {
            try
            {
                if (table.Find(sandbox) is SandboxEntry entry)
                {
                    using SafeFileHandle tree = await OpenAsync(entry);
                    TreeFile.Forget(tree, path);
                    Forgotten(_logger, path, sandbox.ToString());
                }

                _records.RemoveFileWrite(sandbox, path);
            }
            catch (Exception e) when (e is KernelException or LayerConflictException)
            {
                NotForgotten(_logger, path, sandbox.ToString(), e);
            }
        }
    }

    // Of a sandbox that has exited no tree is mounted, but its writable layer is there.
    private async Task<SafeFileHandle> OpenAsync(SandboxEntry entry)
    {
        const OpenFlags Flags = OpenFlags.PathOnly | OpenFlags.Directory;
        return entry.Slot?.Tree is SafeFileHandle tree
            ? Files.Open(tree, ".", Flags)
            : Files.Open((await _layers.OpenLiveAsync(LayerId.Parse(entry.Record.Layer))).Upper, Flags);
    }

    [LoggerMessage(EventId = 1452, EventName = "forget-file", Level = LogLevel.Information, Message = "Removed {Path} in {Sandbox}: its writing was cut off")]
    private static partial void Forgotten(ILogger logger, string path, string sandbox);

    [LoggerMessage(EventId = 1453, EventName = "forget-file", Level = LogLevel.Warning, Message = "Could not remove {Path} in {Sandbox}, whose writing was cut off; the next start tries again")]
    private static partial void NotForgotten(ILogger logger, string path, string sandbox, Exception exception);

    private sealed class Names(RecordStore records, SandboxId sandbox) : ITemporaryNames
    {
        public void Add(string path) => records.AddFileWrite(sandbox, path);

        public void Remove(string path) => records.RemoveFileWrite(sandbox, path);
    }
}
