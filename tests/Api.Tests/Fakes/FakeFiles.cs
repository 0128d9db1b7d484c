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

    /// <summary>What a file holds.</summary>
    public byte[] Content { get; set; } = [];

    /// <summary>Breaks off the reading of a file behind this many bytes.</summary>
    public int? ShorterBy { get; set; }

    /// <summary>The last call but for its body.</summary>
    public string? Arguments { get; private set; }

    public FileList Listing { get; set; } = new([], null);

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

    public async Task ReadAsync(SandboxId id, string path, Func<FileDetails, FilePart> choose, Stream output, CancellationToken cancellationToken)
    {
        Asked = path;
        if (Fail is not null)
        {
            throw Fail;
        }

        FilePart part = choose(Details with { Size = Content.Length, Version = "v1" });
        int count = (int)part.Count - (part.Count > 0 ? ShorterBy ?? 0 : 0);
        if (count > 0)
        {
            await output.WriteAsync(Content.AsMemory((int)part.From, count), cancellationToken);
        }

        if (count < part.Count)
        {
            throw new EndOfStreamException("shorter");
        }
    }

    public async Task<FileWritten> WriteAsync(
        SandboxId id, string path, Stream content, int? mode, string? user, CancellationToken cancellationToken)
    {
        using MemoryStream body = new();
        await content.CopyToAsync(body, cancellationToken);
        Written.Add((id, path, body.ToArray()));
        Arguments = $"{mode} {user}";
        return Fail is null ? new FileWritten(body.Length, Written.Count == 1, mode ?? 0x1A4, 7, 8) : throw Fail;
    }

    public Task RemoveAsync(SandboxId id, string path, bool recursive, CancellationToken cancellationToken)
    {
        Asked = path;
        Arguments = $"{recursive}";
        return Fail is null ? Task.CompletedTask : throw Fail;
    }

    public Task<FileList> ListAsync(SandboxId id, string path, ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken)
    {
        Asked = path;
        Arguments = $"{Convert.ToHexString(after.Span)} {limit}";
        return Fail is null ? Task.FromResult(Listing) : throw Fail;
    }

    public FilesRestored Restored { get; set; } = new([], [], TimeSpan.Zero);

    public Task<FilesRestored> RestoreAsync(
        SandboxId id, Snapshot from, IReadOnlyList<string> paths, bool deleteAdded, CancellationToken cancellationToken)
    {
        Arguments = $"{from.Id} {string.Join(' ', paths)} {deleteAdded}";
        return Fail is null ? Task.FromResult(Restored) : throw Fail;
    }
}
