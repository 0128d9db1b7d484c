using System.Security.Cryptography;

namespace Sleigh.Containerd;

/// <summary>Takes the measure of a layer's uncompressed bytes: their digest, and what they make on disk.</summary>
internal sealed class LayerMeter : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly TarMeter _tar = new();
    private readonly string _what;
    private readonly ImportBudget _budget;

    public LayerMeter(string what, ImportBudget budget)
    {
        _what = what;
        _budget = budget;
    }

    /// <exception cref="ImageException">TooLarge.</exception>
    /// <exception cref="FormatException">It is no tar.</exception>
    public void Feed(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        try
        {
            _tar.Feed(bytes);
        }
        catch (OverflowException)
        {
            _budget.CheckLayer(_what, long.MaxValue, 0);
        }

        _budget.CheckLayer(_what, _tar.Bytes, _tar.Members);
    }

    /// <returns>The digest of all bytes.</returns>
    /// <exception cref="FormatException">The tar is cut off.</exception>
    public string Finish()
    {
        _tar.Finish();
        _budget.AddLayer(_what, _tar.Bytes, _tar.Members);
        return Digests.From(_hash.GetHashAndReset());
    }

    public void Dispose() => _hash.Dispose();
}
