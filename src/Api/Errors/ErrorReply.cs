using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sleigh.Api.Json;
using Sleigh.Api.Views;

namespace Sleigh.Api.Errors;

/// <summary>Writes an error as the contract's JSON object, with the headers that belong to it.</summary>
internal static class ErrorReply
{
    public static Task SendAsync(HttpContext http, ApiError error, string requestId)
    {
        IHeaderDictionary headers = http.Response.Headers;
        if (ErrorKinds.RetryAfter(error) is { } seconds)
        {
            headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }

        if (error.Code == "api_key_required")
        {
            headers.WWWAuthenticate = "Bearer";
        }

        if (error.Status == StatusCodes.Status405MethodNotAllowed && error.Details["allowed"] is IReadOnlyList<string> allowed)
        {
            headers.Allow = string.Join(", ", allowed);
        }

        if (error.CloseConnection)
        {
            headers.Connection = "close";
        }

        return Reply.Json(error.Status, json => Write(json, error, requestId)).SendAsync(http);
    }

    /// <summary>Error, code, hint, details, the error's own members, request id: in this order.</summary>
    public static void Write(Utf8JsonWriter json, ApiError error, string requestId)
    {
        json.WriteStartObject();
        json.WriteString("error", error.Message);
        json.WriteString("code", error.Code);
        if (!string.IsNullOrEmpty(error.Hint))
        {
            json.WriteString("hint", error.Hint);
        }

        if (error.Details.Count > 0)
        {
            json.WriteStartObject("details");
            WriteFacts(json, error.Details);
            json.WriteEndObject();
        }

        WriteFacts(json, error.TopLevel);
        if (error.Checks is { } checks)
        {
            HealthView.WriteChecks(json, checks);
        }

        json.WriteString("request_id", requestId);
        json.WriteEndObject();
    }

    private static void WriteFacts(Utf8JsonWriter json, IReadOnlyDictionary<string, object> facts)
    {
        foreach ((string name, object value) in facts)
        {
            json.WritePropertyName(name);
            WriteFact(json, value);
        }
    }

    private static void WriteFact(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case int number: json.WriteNumberValue(number); break;
            case long number: json.WriteNumberValue(number); break;
            case double number: json.WriteNumberValue(number); break;
            case IEnumerable<string> items:
                json.WriteStartArray();
                foreach (string item in items)
                {
                    json.WriteStringValue(item);
                }

                json.WriteEndArray();
                break;
            default: json.WriteStringValue(Convert.ToString(value, CultureInfo.InvariantCulture)); break;
        }
    }
}
