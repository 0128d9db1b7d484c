using System.Text;

namespace Sleigh.Linux;

/// <summary>
/// A path or a name as the kernel sees it: bytes without NUL, in no particular encoding. What a sandbox calls its files
/// need not be UTF-8, so a string would lose names.
/// </summary>
public readonly struct KernelPath : IEquatable<KernelPath>
{
    private readonly byte[]? _terminated;

    private KernelPath(byte[] terminated) => _terminated = terminated;

    /// <summary>The bytes, without the terminating NUL.</summary>
    public ReadOnlySpan<byte> Bytes => _terminated is null ? default : _terminated.AsSpan(0, _terminated.Length - 1);

    /// <summary>True for the empty path, which together with AT_EMPTY_PATH means the descriptor itself.</summary>
    public bool IsEmpty => Bytes.IsEmpty;

    /// <summary>The bytes with the terminating NUL, for system calls.</summary>
    internal ReadOnlySpan<byte> Terminated => _terminated ?? "\0"u8;

    /// <summary>Copies the bytes of a path.</summary>
    /// <exception cref="ArgumentException">There is a NUL in it.</exception>
    public static KernelPath FromBytes(ReadOnlySpan<byte> path)
    {
        if (path.Contains((byte)0))
        {
            throw new ArgumentException($"a path holds no NUL: '{Encoding.UTF8.GetString(path)}'", nameof(path));
        }

        byte[] terminated = new byte[path.Length + 1];
        path.CopyTo(terminated);
        return new KernelPath(terminated);
    }

    /// <summary>The UTF-8 bytes of a text.</summary>
    /// <exception cref="ArgumentException">There is a NUL in it.</exception>
    public static implicit operator KernelPath(string path) => FromString(path);

    /// <summary>The UTF-8 bytes of a text.</summary>
    /// <exception cref="ArgumentException">There is a NUL in it.</exception>
    public static KernelPath FromString(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return FromBytes(Encoding.UTF8.GetBytes(path));
    }

    /// <summary>This directory's path, a slash, and the name; the name alone if this is empty.</summary>
    public KernelPath Join(KernelPath name)
    {
        if (IsEmpty)
        {
            return name;
        }

        byte[] terminated = new byte[Bytes.Length + 1 + name.Bytes.Length + 1];
        Bytes.CopyTo(terminated);
        terminated[Bytes.Length] = (byte)'/';
        name.Bytes.CopyTo(terminated.AsSpan(Bytes.Length + 1));
        return new KernelPath(terminated);
    }

    /// <summary>The text, for people: bytes that are no UTF-8 show as replacement characters.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Bytes);

    /// <inheritdoc/>
    public bool Equals(KernelPath other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is KernelPath other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <summary>Equal bytes.</summary>
    public static bool operator ==(KernelPath left, KernelPath right) => left.Equals(right);

    /// <summary>Different bytes.</summary>
    public static bool operator !=(KernelPath left, KernelPath right) => !left.Equals(right);
}
