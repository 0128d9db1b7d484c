using System.Text.Json;

namespace Sleigh.Api.Tests;

/// <summary>A reply as a caller sees it.</summary>
internal sealed record Answer(int Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    private JsonElement? _root;

    public JsonElement Root => _root ??= Parse(Body);

    public string Text(string name) => Root.GetProperty(name).GetString()!;

    public string Code => Text("code");

    public string Error => Text("error");

    /// <summary>The names of the members, in order.</summary>
    public string[] Names => [.. Root.EnumerateObject().Select(p => p.Name)];

    /// <summary>Asserts status, code and the rules that hold for every error.</summary>
    public Answer Is(int status, string code, string? error = null)
    {
        Assert.True(status == Status, $"expected {status} {code}, got {Status}: {Body}");
        Assert.Equal(code, Code);
        Assert.Equal("application/json; charset=utf-8", Headers["Content-Type"]);
        Assert.Equal(Headers["X-Request-Id"], Text("request_id"));
        Assert.False(string.IsNullOrWhiteSpace(Error));
        if (status is 429 or 503)
        {
            Assert.True(int.Parse(Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) > 0);
        }

        if (error is not null)
        {
            Assert.Equal(error, Error);
        }

        return this;
    }

    public string Detail(string name) => Root.GetProperty("details").GetProperty(name).ToString();

    private static JsonElement Parse(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }
}
