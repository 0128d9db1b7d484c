using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sleigh.Api.Endpoints;
using Sleigh.Api.Errors;
using Sleigh.Api.OpenApi;
using Sleigh.Api.Routing;
using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests.OpenApi;

/// <summary>O2: the document says what the code does, and all of it.</summary>
public sealed partial class DocumentTests
{
    private const string Rewrite = "SLEIGH_TEST_REWRITE_GOLDEN";

    private static readonly string Golden = Path.Combine(Host.Repository, "docs", "openapi.json");

    private static string Version => typeof(SleighApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    private static IEnumerable<Endpoint> Public => AllEndpoints.List().Where(e => e.Access != AccessClass.Socket);

    [Fact]
    [ContractLine("O2", Part = "the golden file")]
    public void The_document_is_the_golden_one()
    {
        byte[] made = ApiDocument.Render(Version);
        if (Environment.GetEnvironmentVariable(Rewrite) == "1")
        {
            File.WriteAllBytes(Golden, made);
        }

        Assert.True(
            File.ReadAllBytes(Golden).AsSpan().SequenceEqual(made),
            $"docs/openapi.json is not what the code makes; look at the difference and run this test with {Rewrite}=1 if it is meant");
    }

    [Fact]
    [ContractLine("O2", Part = "42 endpoints")]
    public void Every_endpoint_of_the_contract_has_a_row_with_its_number()
    {
        int[] numbers = [.. AllRows.List.Select(r => r.Number).Where(n => n > 0)];

        Assert.Equal(Enumerable.Range(1, 42), numbers.Order());
    }

    [Fact]
    public void Every_endpoint_has_a_row_and_every_row_an_endpoint()
    {
        string[] endpoints = [.. Public.Select(e => $"{e.Method} {e.Path}")];
        string[] rows = [.. AllRows.List.Select(r => $"{r.Method} {r.Path}")];

        Assert.Equal(rows.Distinct(), rows);
        Assert.Equal([], endpoints.Except(rows));
        Assert.Equal([], rows.Except(endpoints));
    }

    [Fact]
    public void The_document_has_the_42_endpoints_of_the_contract()
    {
        using JsonDocument document = JsonDocument.Parse(ApiDocument.Render("1"));
        int[] listed =
        [
            .. document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(p => p.Value.EnumerateObject())
                .Where(o => o.Value.ValueKind == JsonValueKind.Object && o.Value.TryGetProperty("x-contract-endpoint", out _))
                .Select(o => o.Value.GetProperty("x-contract-endpoint").GetInt32()),
        ];

        Assert.Equal(Enumerable.Range(1, 42), listed.Order());
    }

    [Fact]
    public void The_members_of_each_row_are_those_that_the_endpoint_reads_with_their_types()
    {
        foreach (ListedOperation operation in ListedOperation.List)
        {
            Dictionary<string, string> read = new(operation.Endpoint.RecordFields().Fields);
            Dictionary<string, string> declared = [];
            foreach (Member field in operation.Row.Fields)
            {
                declared[field.Name] = field.Schema.Wanted;
                foreach (Member inner in field.Schema.Members ?? [])
                {
                    declared[$"{field.Name}.{inner.Name}"] = inner.Schema.Wanted;
                }
            }

            Assert.True(
                read.OrderBy(f => f.Key, StringComparer.Ordinal).SequenceEqual(declared.OrderBy(f => f.Key, StringComparer.Ordinal)),
                $"{operation.Row.Method} {operation.Row.Path} reads {Shown(read)}; its row has {Shown(declared)}");
        }
    }

    [Fact]
    public void What_an_added_endpoint_does_not_refuse_is_what_its_row_has()
    {
        foreach (ListedOperation operation in ListedOperation.List.Where(o => o.Endpoint.KnownFields is not null))
        {
            Assert.Equal(
                operation.Row.Fields.Select(f => f.Name).Append("session_token").Order(StringComparer.Ordinal),
                operation.Endpoint.KnownFields!.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public void The_query_of_each_row_is_what_the_source_of_its_endpoint_asks_for()
    {
        string[] files = Directory.GetFiles(Path.Combine(Host.Repository, "src", "Api", "Endpoints"), "*.cs");
        Dictionary<string, string> sources = files.ToDictionary(f => f, File.ReadAllText);
        foreach (ListedOperation operation in ListedOperation.List)
        {
            string place = $"\"{operation.Row.Method}\", \"{operation.Row.Path[1..]}\"";
            string source = sources.Values.FirstOrDefault(s => s.Contains(place, StringComparison.Ordinal))
                ?? (operation.Row.Path == "/healthz" ? "" : throw new InvalidOperationException($"no source has {place}"));
            foreach (Member parameter in operation.Row.Query)
            {
                Assert.True(source.Contains($"Query(\"{parameter.Name}\")", StringComparison.Ordinal), $"{place} does not ask for {parameter.Name}");
            }
        }

        foreach (string source in sources.Values)
        {
            ListedOperation[] here = [.. ListedOperation.List.Where(o => source.Contains($"\"{o.Row.Method}\", \"{o.Row.Path[1..]}\"", StringComparison.Ordinal))];
            foreach (string asked in here.Length == 0 ? [] : Asked().Matches(source).Select(m => m.Groups[1].Value).Distinct())
            {
                Assert.True(here.Any(o => o.Row.Query.Any(q => q.Name == asked)), $"no row has the parameter {asked} of {here[0].Row.Path} and its neighbours");
            }
        }
    }

    [Fact]
    public void Every_code_of_the_runtime_is_in_the_table_with_its_status()
    {
        foreach (ErrorKind kind in Enum.GetValues<ErrorKind>())
        {
            (int status, string code) = ErrorKinds.Map(kind);
            if (code is "invalid_image" or "image_in_use")
            {
                // Of the administrator's socket only, which the document leaves out.
                Assert.DoesNotContain(ErrorCodes.List, c => c.Code == code);
                continue;
            }

            Assert.Equal(status, Assert.Single(ErrorCodes.List, c => c.Code == code).Status);
        }
    }

    [Fact]
    public void Every_reference_leads_somewhere_every_schema_is_used_and_no_operation_has_the_name_of_another()
    {
        string text = Encoding.UTF8.GetString(ApiDocument.Render("1"));
        using JsonDocument document = JsonDocument.Parse(text);
        string[] schemas = [.. document.RootElement.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(s => s.Name)];
        string[] names = [.. ListedOperation.List.Select(o => o.Id)];

        Assert.Equal(schemas.Distinct(), schemas);
        Assert.Equal(names.Distinct(), names);
        string[] used = [.. Reference().Matches(text).Select(m => m.Groups[1].Value).Distinct()];
        Assert.Equal([], used.Except(schemas));
        foreach (string name in AllRows.List.SelectMany(r => r.Replies).SelectMany(r => r.Schema?.AnyOf ?? [r.Schema ?? new Schema()]).Select(s => s.Ref).OfType<string>())
        {
            Assert.Contains(name, schemas);
        }
    }

    [Fact]
    public void The_examples_fit_the_schemas_of_their_bodies()
    {
        foreach (ListedOperation operation in ListedOperation.List.Where(o => o.HasJsonBody))
        {
            Assert.True(operation.Row.Example is not null, $"{operation.Row.Path} has a body and no example");
            using JsonDocument example = JsonDocument.Parse(operation.Row.Example);
            Assert.Equal([], SchemaCheck.Problems(operation.BodySchema, example.RootElement));
        }
    }

    [Fact]
    public async Task The_document_is_open_to_all_has_a_tag_and_is_not_sent_twice()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Peer = System.Net.IPAddress.Parse("192.0.2.7");

        Answer first = await api.SendAsync("GET", "/openapi.json");
        string tag = first.Headers["ETag"];
        Answer same = await api.SendAsync("GET", "/openapi.json", null, null, ("If-None-Match", $"\"x\", W/{tag}"));
        Answer other = await api.SendAsync("GET", "/openapi.json", null, null, ("If-None-Match", "\"x\""));
        Answer head = await api.SendAsync("HEAD", "/openapi.json");

        Assert.Equal((200, "application/json; charset=utf-8"), (first.Status, first.Headers["Content-Type"]));
        Assert.Equal(Encoding.UTF8.GetString(ApiDocument.Render("1.0.0")), first.Body);
        Assert.Equal(("3.1.0", "Sleigh", "1.0.0"), (first.Text("openapi"), first.Root.GetProperty("info").GetProperty("title").GetString(), first.Root.GetProperty("info").GetProperty("version").GetString()));
        Assert.Equal((304, "", tag), (same.Status, same.Body, same.Headers["ETag"]));
        Assert.Equal(200, other.Status);
        Assert.Equal((200, "", tag, first.Headers["Content-Length"]), (head.Status, head.Body, head.Headers["ETag"], head.Headers["Content-Length"]));
        (await api.SendAsync("GET", "/openapi.json", null, null, ("Host", "evil.example"))).Is(403, "host_not_allowed");
        (await api.SendAsync("POST", "/openapi.json")).Is(405, "method_not_allowed");
    }

    [Fact]
    public async Task The_page_has_every_endpoint_and_loads_and_runs_nothing()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer page = await api.SendAsync("GET", "/docs");
        Answer head = await api.SendAsync("HEAD", "/docs");
        Answer same = await api.SendAsync("GET", "/docs", null, null, ("If-None-Match", page.Headers["ETag"]));

        Assert.Equal((200, "text/html; charset=utf-8"), (page.Status, page.Headers["Content-Type"]));
        Assert.Equal((200, "", 304), (head.Status, head.Body, same.Status));
        foreach (ListedOperation operation in ListedOperation.List)
        {
            Assert.Contains($"<section id=\"{operation.Id}\">", page.Body, StringComparison.Ordinal);
            Assert.Contains($"href=\"#{operation.Id}\"", page.Body, StringComparison.Ordinal);
        }

        Assert.DoesNotMatch("<script|<img|<link|<iframe|<form|@import|url\\(|\\son[a-z]+=|\\sstyle=", page.Body);
        foreach (string target in Target().Matches(page.Body).Select(m => m.Groups[1].Value).Distinct())
        {
            Assert.True(target == "/openapi.json" || (target[0] == '#' && page.Body.Contains($"id=\"{target[1..]}\"", StringComparison.Ordinal)), $"{target} leads nowhere");
        }

        string policy = page.Headers["Content-Security-Policy"];
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
        string style = page.Body.Split("<style>")[1].Split("</style>")[0];
        Assert.Contains(Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(style))), policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", page.Headers["X-Content-Type-Options"]);
        (await api.SendAsync("GET", "/docs", null, null, ("Origin", "http://evil.example"))).Is(403, "host_not_allowed");
    }

    private static string Shown(IReadOnlyDictionary<string, string> fields) =>
        string.Join(", ", fields.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key} ({f.Value})"));

    [GeneratedRegex("Query\\(\"([a-z_]+)\"\\)")]
    private static partial Regex Asked();

    [GeneratedRegex("\"#/components/schemas/([A-Za-z]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("href=\"([^\"]+)\"")]
    private static partial Regex Target();
}
