using System.Text.RegularExpressions;
using Sleigh.Api.Endpoints;
using Sleigh.Api.Tests.Owners;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>docs/api.md lists every endpoint and every part of itself.</summary>
public sealed partial class PageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Host.Repository, "docs", "api.md"));

    // Parts that are being written. At the end it is empty.
    private static readonly string[] Awaited = [];

    [Fact]
    public void The_list_has_every_endpoint_and_no_other()
    {
        string[] listed = [.. Row().Matches(Page).Select(m => m.Groups[1].Value)];
        string[] there = [.. AllEndpoints.List().Select(e => $"{e.Method} /{string.Join('/', e.Segments)}")];

        Assert.Equal("", string.Join('\n', there.Except(listed).Select(e => $"not in docs/api.md: {e}")));
        Assert.Equal("", string.Join('\n', listed.Except(there).Except(OwnerTable.Awaited.Select(a => a.Replace(" ", " /", StringComparison.Ordinal)))
            .Select(e => $"in docs/api.md, but no endpoint: {e}")));
        Assert.Equal(listed.Length, listed.Distinct().Count());
    }

    [Fact]
    public void Every_part_is_named_in_the_contents_and_every_name_leads_to_one()
    {
        string[] parts = [.. Heading().Matches(Page).Select(m => m.Groups[1].Value.ToLowerInvariant()
            .Replace(" ", "-", StringComparison.Ordinal)).Select(h => NoLetter().Replace(h, ""))];
        string[] named = [.. Link().Matches(Page).Select(m => m.Groups[1].Value)];

        Assert.Equal("", string.Join('\n', parts.Except(named).Select(p => $"not in the contents: {p}")));
        Assert.Equal("", string.Join('\n', Awaited.Intersect(parts).Select(a => $"no longer awaited: {a}")));
        Assert.Equal("", string.Join('\n', named.Except(parts).Except(Awaited).Select(n => $"leads nowhere: {n}")));
    }

    [GeneratedRegex(@"^\| (?:\d+|own) \| `([A-Z]+ /[^`]+)` \|", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("^## (.+)$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("[^a-z0-9-]", RegexOptions.CultureInvariant)]
    private static partial Regex NoLetter();

    [GeneratedRegex(@"\]\(#([^)]+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex Link();
}
