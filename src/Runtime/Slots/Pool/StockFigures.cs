namespace Sleigh.Runtime.Slots;

/// <summary>Numbers of a <see cref="Stock{T}"/>.</summary>
/// <param name="Available">Ready now.</param>
/// <param name="Target">Aimed for now.</param>
/// <param name="Making">Being made.</param>
/// <param name="Made">Made since the start.</param>
/// <param name="Dropped">Thrown away since the start.</param>
internal readonly record struct StockFigures(int Available, int Target, int Making, long Made, long Dropped);
