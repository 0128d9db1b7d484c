namespace Sleigh.Api.Metrics;

/// <summary>A figure that is read when somebody asks for it, for <c>/metrics</c> and for OTLP.</summary>
/// <param name="Name">The metric's name.</param>
/// <param name="IsCounter">Whether it only grows.</param>
/// <param name="Unit">In the words of UCUM; null: a plain number.</param>
/// <param name="Help">What it tells.</param>
/// <param name="Read">Reads it. No label holds an id.</param>
public sealed record Figure(string Name, bool IsCounter, string? Unit, string Help, Func<IReadOnlyList<FigureValue>> Read);
