namespace Sleigh.Api.Metrics;

/// <summary>One value of a figure.</summary>
/// <param name="Value">The value.</param>
/// <param name="Label">The name of its label; null: it has none.</param>
/// <param name="Word">The label's value.</param>
public readonly record struct FigureValue(double Value, string? Label = null, string? Word = null);
