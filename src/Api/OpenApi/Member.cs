namespace Sleigh.Api.OpenApi;

/// <summary>A member of an object, a query parameter, or a header.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Schema">Its value.</param>
/// <param name="Optional">Whether it may be missing.</param>
internal sealed record Member(string Name, Schema Schema, bool Optional);
