namespace Sleigh.Api.OpenApi;

/// <summary>A code of section 8 of the contract.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">The word.</param>
/// <param name="Meaning">When it comes.</param>
internal sealed record ErrorCode(int Status, string Code, string Meaning);
