using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Ingress;

/// <summary>
/// Whether it is beyond doubt where the body of a request ends. A request for which two programs on the way could see two different ends is how one request is
/// hidden in another's body (RFC 9112, sections 6.1, 6.3 and 11.2), so nothing of it goes on.
/// </summary>
internal static class RequestFraming
{
    // Where both are sent, Kestrel (HTTP/1.1, .NET 2.0 to 10) goes by Transfer-Encoding and gives Content-Length this other name.
    private const string SetAsideLength = "X-Content-Length";

    /// <summary>Looks at the headers as Kestrel has them, which has refused what is malformed already.</summary>
    /// <exception cref="ApiException">400 <c>bad_request</c>.</exception>
    public static void Check(IHeaderDictionary headers)
    {
        StringValues encoding = headers.TransferEncoding;
        if (encoding.Count == 0)
        {
            return;
        }

        if (encoding is not [{ } only] || !only.Trim().Equals("chunked", StringComparison.OrdinalIgnoreCase))
        {
            throw ApiErrors.UnclearBody("Transfer-Encoding must be chunked, once and alone").Exception();
        }

        if (headers.ContainsKey(SetAsideLength) || headers.ContentLength is not null)
        {
            throw ApiErrors.UnclearBody("Transfer-Encoding and Content-Length must not stand in one request").Exception();
        }
    }
}
