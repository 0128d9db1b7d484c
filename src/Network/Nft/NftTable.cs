namespace Sleigh.Network.Nft;

/// <summary>A table.</summary>
/// <param name="Family"><c>inet</c> or <c>bridge</c>.</param>
/// <param name="Name">Its name.</param>
internal readonly record struct NftTable(string Family, string Name);
