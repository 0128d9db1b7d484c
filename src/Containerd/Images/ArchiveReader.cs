using System.Formats.Tar;

namespace Sleigh.Containerd;

/// <summary>Reads an archive of images from front to back, storing its blobs as they come.</summary>
internal sealed class ArchiveReader
{
    private readonly BlobIngest _ingest;
    private readonly ImportBudget _budget;
    private readonly ArchiveContents _contents = new();

    public ArchiveReader(BlobIngest ingest, ImportBudget budget)
    {
        _ingest = ingest;
        _budget = budget;
    }

    /// <exception cref="ImageException">The archive is broken, unsafe or too large.</exception>
    public async Task<ArchiveContents> ReadAsync(Stream archive, CancellationToken cancellationToken)
    {
        PrefixedStream peeked = await PrefixedStream.PeekAsync(archive, CompressionMagic.Length, cancellationToken);
        if (peeked.First.Length == 0)
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, "the archive is empty");
        }

        await using DecompressedStream plain = DecompressedStream.Open(
            peeked, CompressionMagic.Of(peeked.First.Span), "the archive", _budget.Limits, _budget.Limits.MaxArchiveBytes);
        await using var tar = new TarReader(plain, leaveOpen: true);
        while (await NextAsync(tar, cancellationToken) is { } entry)
        {
            await TakeAsync(entry, cancellationToken);
        }

        return _contents;
    }

    private async Task<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellationToken)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (EndOfStreamException ex)
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, "the archive ends in the middle of a member", ex);
        }
        catch (Exception ex) when (ex is InvalidDataException or FormatException or ArgumentException)
        {
            string found = _contents.Members.Count + _contents.Documents.Count == 0 ? "this is no tar archive" : "the archive is not a tar to its end";
            throw new ImageException(ImageErrorKind.BrokenArchive, found, ex);
        }
    }

    private async Task TakeAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        string name = ArchivePath.Normalise(entry.Name);
        _budget.AddArchiveMember(name, entry.Length);
        switch (entry.EntryType)
        {
            case TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes:
                return;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                CheckNew(name);
                await TakeFileAsync(name, entry, cancellationToken);
                return;
            case TarEntryType.SymbolicLink or TarEntryType.HardLink:
                CheckNew(name);
                string target = ArchivePath.FollowLink(name, entry.LinkName, entry.EntryType == TarEntryType.HardLink);
                _contents.Links[name] = name.StartsWith(ArchiveContents.BlobFolder, StringComparison.Ordinal) || IsDocument(name)
                    ? throw new ImageException(ImageErrorKind.UnsafeArchive, $"the archive holds a link in place of the file '{name}'")
                    : target;
                return;
            default:
                throw new ImageException(ImageErrorKind.UnsafeArchive, $"the archive holds '{name}', which is no file, directory or link");
        }
    }

    private async Task TakeFileAsync(string name, TarEntry entry, CancellationToken cancellationToken)
    {
        Stream data = entry.DataStream ?? Stream.Null;
        if (IsDocument(name))
        {
            if (entry.Length > _budget.Limits.MaxJsonBytes)
            {
                throw new ImageException(
                    ImageErrorKind.TooLarge, $"the archive's {name} has {entry.Length} bytes, more than the limit of {_budget.Limits.MaxJsonBytes}");
            }

            byte[] bytes = new byte[entry.Length];
            int read = await data.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
            _contents.Documents[name] = read == bytes.Length
                ? bytes
                : throw new ImageException(ImageErrorKind.BrokenArchive, $"the archive ends in the middle of its {name}");
            return;
        }

        string? promised = ArchiveContents.PromisedDigest(name);
        if (promised is null && name.StartsWith(ArchiveContents.BlobFolder, StringComparison.Ordinal))
        {
            throw new ImageException(ImageErrorKind.InvalidImage, $"the archive's blob '{name}' is not named by a SHA-256");
        }

        string what = promised is null ? $"the member '{name}'" : $"the blob '{name}'";
        _contents.Members[name] = await _ingest.TakeAsync(data, entry.Length, what, promised, cancellationToken);
    }

    private void CheckNew(string name)
    {
        if (_contents.Has(name))
        {
            throw new ImageException(ImageErrorKind.BrokenArchive, $"the archive holds '{name}' twice");
        }
    }

    private static bool IsDocument(string name) =>
        name is ArchiveContents.IndexName or ArchiveContents.LayoutName or ArchiveContents.DockerName;
}
