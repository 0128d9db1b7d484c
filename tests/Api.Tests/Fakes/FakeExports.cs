using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeExports : ISnapshotExports
{
    public byte[] Bytes { get; set; } = "an archive"u8.ToArray();

    public RuntimeException? Fail { get; set; }

    /// <summary>Whether the failure comes behind the bytes.</summary>
    public bool FailsLate { get; set; }

    public string? Asked { get; private set; }

    public SessionId? Reader { get; private set; }

    public async Task WriteAsync(Snapshot snapshot, SessionId reader, ExportFormat format, string? name, Stream output, CancellationToken cancellationToken)
    {
        Asked = $"{snapshot.Id} {format} {name}";
        Reader = reader;
        if (Fail is not null && !FailsLate)
        {
            throw Fail;
        }

        await output.WriteAsync(Bytes, cancellationToken);
        await output.FlushAsync(cancellationToken);
        if (Fail is not null)
        {
            throw Fail;
        }
    }

    public Task<ImageSummary> ToImageAsync(string snapshotId, string name, CancellationToken cancellationToken)
    {
        Asked = $"{snapshotId} {name}";
        return Fail is null ? Task.FromResult(new ImageSummary($"docker.io/library/{name}", "sha256:d", 7, DateTimeOffset.UnixEpoch)) : throw Fail;
    }
}
