using System.Text.Json;
using Sleigh.Api.OpenApi;
using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.Tests.OpenApi;

/// <summary>The validator that the other tests trust finds each kind of fault.</summary>
public sealed class SchemaCheckTests
{
    private static readonly Schema Thing = Make.Object(
        Has("id", Id("sbx")),
        May("count", Count.AtMost(9)),
        May("word", OneOf("a", "b")),
        May("list", Make.List(Bool)),
        May("map", Labels),
        May("short", Text.Longest(2)),
        May("either", new Schema { AnyOf = [Bool, Make.Object(Has("ok", Bool))] }),
        May("time", Millis));

    [Theory]
    [InlineData("""{"id":"sbx_0123456789ab"}""", null)]
    [InlineData("""{"id":"sbx_0123456789ab","count":9,"word":"a","list":[],"map":{"x":"y"},"short":"😀😀","either":true,"time":"2026-01-05T09:00:01.120Z"}""", null)]
    [InlineData("""{"id":"sbx_0123456789ab","either":{"ok":false}}""", null)]
    [InlineData("{}", "$.id is missing")]
    [InlineData("""{"id":"sbx_0123456789a"}""", "$.id is 'sbx_0123456789a', not like ^sbx_[0-9a-f]{12}$")]
    [InlineData("""{"id":7}""", "$.id is Number, not string")]
    [InlineData("""{"id":null}""", "$.id is Null, not string")]
    [InlineData("""{"id":"sbx_0123456789ab","other":1}""", "$.other is declared nowhere")]
    [InlineData("""{"id":"sbx_0123456789ab","count":10}""", "$.count is 10, not from 0 to 9")]
    [InlineData("""{"id":"sbx_0123456789ab","count":-1}""", "$.count is -1, not from 0 to 9")]
    [InlineData("""{"id":"sbx_0123456789ab","count":1.5}""", "$.count is Number, not integer")]
    [InlineData("""{"id":"sbx_0123456789ab","word":"c"}""", "$.word is 'c', not one of a, b")]
    [InlineData("""{"id":"sbx_0123456789ab","list":[true,"x"]}""", "$.list[1] is String, not boolean")]
    [InlineData("""{"id":"sbx_0123456789ab","map":{"x":1}}""", "$.map.x is Number, not string")]
    [InlineData("""{"id":"sbx_0123456789ab","short":"abc"}""", "$.short is longer than 2")]
    [InlineData("""{"id":"sbx_0123456789ab","time":"2026-01-05T09:00:01Z"}""", @"$.time is '2026-01-05T09:00:01Z', not like ^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    [InlineData("""{"id":"sbx_0123456789ab","id":"sbx_0123456789ab"}""", "$.id is there twice")]
    [InlineData("[]", "$ is Array, not object")]
    public void Each_fault_is_found(string text, string? problem)
    {
        using JsonDocument json = JsonDocument.Parse(text);

        List<string> problems = SchemaCheck.Problems(Thing, json.RootElement);

        Assert.Equal(problem is null ? [] : [problem], problems);
    }

    [Fact]
    public void What_is_none_of_several_is_found()
    {
        using JsonDocument json = JsonDocument.Parse("""{"id":"sbx_0123456789ab","either":{"ok":1}}""");

        Assert.StartsWith("$.either is none of what it may be", Assert.Single(SchemaCheck.Problems(Thing, json.RootElement)), StringComparison.Ordinal);
    }
}
