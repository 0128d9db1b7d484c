namespace Sleigh.Api.Errors;

/// <summary>Ends a call with an error reply.</summary>
internal sealed class ApiException(ApiError error) : Exception(error.Message)
{
    public ApiError Error { get; } = error;
}
