namespace Sleigh.Overlay;

/// <summary>How <see cref="TreeFile.ReplaceAsync(Microsoft.Win32.SafeHandles.SafeFileHandle, string, Stream, TreeFileReplacement, CancellationToken)"/> writes a file.</summary>
public sealed record TreeFileReplacement
{
    /// <summary>Mode of a new file where none is asked for: 0644.</summary>
    public const int DefaultMode = 0x1A4;

    /// <summary>Owner of a new file and of new parents.</summary>
    public uint UserId { get; init; }

    /// <summary>Group of a new file and of new parents.</summary>
    public uint GroupId { get; init; }

    /// <summary>Permission bits with setuid, setgid and sticky; null keeps those of an existing file and gives a new one 0644.</summary>
    public int? Mode { get; init; }

    /// <summary>Whether directories on the way are made, with mode 0755.</summary>
    public bool MakeParents { get; init; }

    /// <summary>Whether an existing file gets the owner too.</summary>
    public bool ChangesOwner { get; init; }

    /// <summary>
    /// Enters the turn in which the tree may be changed; null when the caller has it. It is entered when all data has come, or before
    /// the first where the filesystem knows no file without a name, and left before the call returns.
    /// </summary>
    public Func<CancellationToken, Task<IDisposable>>? Turn { get; init; }

    /// <summary>Is asked for room before data is written; null: nobody is.</summary>
    public IWriteRoom? Room { get; init; }

    /// <summary>Remembers temporary names over the death of the daemon; null: nobody does.</summary>
    public ITemporaryNames? Names { get; init; }
}
