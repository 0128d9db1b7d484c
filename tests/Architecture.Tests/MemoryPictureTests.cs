using System.Diagnostics;
using System.Xml.Linq;
using Sleigh.TestSupport;

namespace Sleigh.Architecture.Tests;

/// <summary>The picture of a burst is what scripts/memory-picture.py draws of a record, and the one in the docs is that of the record beside it.</summary>
public sealed class MemoryPictureTests : IDisposable
{
    private const string Head = "time_ms,usage_bytes,brake_bytes,wall_bytes,brake_met,decision\n";
    private static readonly string Program = SourceTree.Absolute("scripts/memory-picture.py");

    private readonly string _record = Path.GetTempFileName();

    public void Dispose() => File.Delete(_record);

    [Fact]
    public async Task A_record_becomes_two_panels_with_three_lines_and_a_mark_for_each_decision()
    {
        XElement picture = XElement.Parse(await DrawAsync(
            """
            0,104857600,268435456,402653184,0,
            1500,268435456,268435456,402653184,1,
            1520,270532608,402653184,570425344,1,
            2500,367001600,402653184,570425344,1,
            20000,104857600,402653184,570425344,1,
            21000,104857600,268435456,402653184,1,
            1510,,,,,grown from 256 to 384 MB (high)
            2000,,,,,refused from 384 to 384 MB (high)
            20500,,,,,given_back from 384 to 256 MB

            """));

        string[] marks = [.. Classes(picture).Where(c => c is "grown" or "given" or "refused")];
        Assert.Equal(["brake", "brake", "usage", "usage", "wall", "wall"], Of(picture, "polyline").Select(l => (string)l.Attribute("class")!).Order());

        // One of each in the legend; growth and refusal are in the burst and in the whole, giving back is in the whole alone.
        Assert.Equal(["given", "given", "grown", "grown", "grown", "refused", "refused", "refused"], marks.Order());
        Assert.Contains("1.51 s: grown from 256 to 384 MB (high)", Of(picture, "title").Select(t => t.Value));
        Assert.Equal(["MB", "seconds"], Of(picture, "text").Select(t => t.Value).Where(t => t is "MB" or "seconds").Order());
        Assert.Equal(2, Of(picture, "text").Count(t => (string?)t.Attribute("class") == "title"));
    }

    [Fact]
    public async Task A_higher_use_is_a_higher_point_and_none_leaves_the_picture()
    {
        XElement picture = XElement.Parse(await DrawAsync("0,104857600,max,1073741824,0,\n1000,524288000,max,1073741824,0,\n2000,104857600,max,1073741824,0,\n"));

        (double X, double Y)[] usage = Points(Of(picture, "polyline").First(l => (string?)l.Attribute("class") == "usage"));
        Assert.Equal(usage.OrderBy(p => p.X), usage);
        Assert.Equal(usage[1].Y, usage.Min(p => p.Y));
        Assert.True(usage[0].Y - usage[1].Y > 50, $"{usage[0].Y} and {usage[1].Y}");
        Assert.All(Of(picture, "polyline").SelectMany(Points), p => Assert.True(p is { X: >= 0 and <= 960, Y: >= 0 and <= 400 }, $"{p}"));

        // There is no brake, so there is no line of one.
        Assert.DoesNotContain(Of(picture, "polyline"), l => (string?)l.Attribute("class") == "brake");
    }

    [Theory]
    [InlineData("", "has 0 samples; two are the least")]
    [InlineData("0,1,2,3,0,\nsoon,1,2,3,0,\n", "is no line of a record: ValueError")]
    [InlineData("0,1\n", "is no line of a record: ")]
    public async Task What_is_no_record_is_said(string text, string sentence)
    {
        (int code, string errors) = await FailAsync(text);

        Assert.Equal(1, code);
        Assert.StartsWith("memory-picture.py: ", errors, StringComparison.Ordinal);
        Assert.Contains(sentence, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_picture_in_the_docs_is_drawn_from_the_record_beside_it()
    {
        string drawn = await ToolRunner.RunAsync("python3", Program, SourceTree.Absolute("docs/memory-burst.csv"));

        Assert.Equal(drawn, await File.ReadAllTextAsync(SourceTree.Absolute("docs/memory-burst.svg"), TestContext.Current.CancellationToken));
        Assert.Contains("](memory-burst.svg)", await File.ReadAllTextAsync(SourceTree.Absolute("docs/memory.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    private async Task<string> DrawAsync(string lines)
    {
        await File.WriteAllTextAsync(_record, Head + lines);
        return await ToolRunner.RunAsync("python3", Program, _record);
    }

    private async Task<(int Code, string Errors)> FailAsync(string lines)
    {
        await File.WriteAllTextAsync(_record, Head + lines);
        using Process process = Process.Start(new ProcessStartInfo("python3", [Program, _record]) { RedirectStandardError = true })!;
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, errors);
    }

    private static IEnumerable<XElement> Of(XElement picture, string name) => picture.Descendants().Where(e => e.Name.LocalName == name);

    private static IEnumerable<string> Classes(XElement picture) => picture.Descendants().Attributes("class").Select(a => a.Value);

    private static (double X, double Y)[] Points(XElement line) =>
    [
        .. ((string)line.Attribute("points")!).Split(' ').Select(point => point.Split(',')).Select(point => (
            double.Parse(point[0], System.Globalization.CultureInfo.InvariantCulture), double.Parse(point[1], System.Globalization.CultureInfo.InvariantCulture))),
    ];
}
