using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Fakes;

internal sealed class FakeFiles : ISandboxFiles
{
    public RuntimeException? Fail { get; set; }

    /// <summary>What an archive holds; the failure comes behind it.</summary>
    public byte[] Archive { get; set; } = [];

    public FileDetails Details { get; set; } = new()
    {
        Kind = "file", Size = 42, Mode = 0x1A4, UserId = 0, GroupId = 4_294_967_294, Modified = new DateTimeOffset(2026, 1, 5, 9, 0, 1, 120, TimeSpan.Zero),
    };

    public List<(SandboxId Sandbox, string Path, byte[] Body)> Written { get; } = [];

    public string? Asked { get; private set; }

    public Task<FileDetails> StatAsync(SandboxId id, string path, CancellationToken cancellationToken)
    {
        Asked = path;
        return Fail is null ? Task.FromResult(Details) : throw Fail;
    }

    public async Task<ArchiveSent> ReadArchiveAsync(SandboxId id, string path, Stream output, CancellationToken cancellationToken)
    {
        Asked = path;
        if (Archive.Length > 0)
        {
            await output.WriteAsync(Archive, cancellationToken);
        }

        return Fail is null ? new ArchiveSent(1, Archive.Length, 3) : throw Fail;
    }

    public async Task<ArchiveReceived> WriteArchiveAsync(SandboxId id, string path, Stream archive, CancellationToken cancellationToken)
    {
        using MemoryStream body = new();
        await archive.CopyToAsync(body, cancellationToken);
        Written.Add((id, path, body.ToArray()));
        return Fail is null ? new ArchiveReceived(2, body.Length) : throw Fail;
    }
}
