using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Sleigh.Api.Routing;

namespace Sleigh.Api.OpenApi;

/// <summary>Endpoint 40: the document as one page of HTML, which needs nothing else: no script, no font, no picture.</summary>
internal static class DocsPage
{
    private const string Style =
        """
        :root{color-scheme:light dark;--line:light-dark(#d9dde3,#3a4049);--soft:light-dark(#f5f6f8,#1d2127);--dim:light-dark(#5b6572,#a0a8b4);--mark:light-dark(#0b57d0,#8ab4f8)}
        *{box-sizing:border-box}
        body{margin:0;font:16px/1.5 system-ui,sans-serif;background:light-dark(#fff,#14171b);color:light-dark(#1a1d21,#e4e7eb)}
        a{color:var(--mark)}
        nav{padding:1rem;border-bottom:1px solid var(--line)}
        nav ul{list-style:none;margin:0 0 .75rem;padding:0;font-size:.875rem}
        nav a{text-decoration:none}
        nav b{display:inline-block;min-width:3.6em;font:600 .75rem/1.5 ui-monospace,monospace;color:var(--dim)}
        main{padding:1rem;max-width:60rem}
        section{margin:2.5rem 0;padding-top:.5rem;border-top:1px solid var(--line)}
        h3{font:600 1.05rem/1.4 ui-monospace,monospace;margin:.5rem 0;overflow-wrap:anywhere}
        h3 b{color:var(--mark)}
        h4{margin:1.25rem 0 .25rem;font-size:.9rem;color:var(--dim)}
        code,pre{font:.875rem/1.45 ui-monospace,monospace}
        pre{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.75rem;overflow-x:auto}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.9rem}
        th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}
        th{color:var(--dim);font-weight:600}
        .dim{color:var(--dim)}
        @media (min-width:70rem){body{display:grid;grid-template-columns:22rem 1fr}nav{position:sticky;top:0;height:100vh;overflow-y:auto;border-right:1px solid var(--line);border-bottom:0}}
        """;

    /// <summary>Nothing may be loaded or run but the style that the page holds.</summary>
    public static string Policy { get; } =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The page.</summary>
    public static byte[] Render(string version)
    {
        StringBuilder page = new(128 * 1024);
        page.Append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append(CultureInfo.InvariantCulture, $"<title>Sleigh {Safe(version)} API</title>\n<style>{Style}</style>\n</head>\n<body>\n");
        WriteContents(page);
        page.Append(CultureInfo.InvariantCulture, $"<main>\n<h1>Sleigh {Safe(version)} API</h1>\n");
        page.Append("<p>The same as <a href=\"/openapi.json\">/openapi.json</a>, for people. The examples take the token from <code>$TOKEN</code>:</p>\n");
        page.Append("<pre>TOKEN=$(curl -s -X POST http://127.0.0.1:10122/sessions/token | sed 's/.*\"session_token\":\"\\([^\"]*\\).*/\\1/')</pre>\n");
        foreach (IGrouping<string, ListedOperation> tag in ListedOperation.List.GroupBy(o => o.Row.Tag))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h2>{Safe(Title(tag.Key))}</h2>\n");
            foreach (ListedOperation operation in tag)
            {
                WriteOperation(page, operation);
            }
        }

        page.Append("<h2>Objects</h2>\n");
        foreach ((string name, Schema schema) in AllSchemas.List)
        {
            page.Append(CultureInfo.InvariantCulture, $"<section id=\"object-{name}\">\n<h3>{name}</h3>\n");
            WriteText(page, schema.Description);
            WriteMembers(page, null, schema.Members ?? [], required: false);
            page.Append("</section>\n");
        }

        WriteErrorTable(page);
        page.Append("</main>\n</body>\n</html>\n");
        return Encoding.UTF8.GetBytes(page.ToString());
    }

    private static void WriteContents(StringBuilder page)
    {
        page.Append("<nav aria-label=\"Contents\">\n");
        foreach (IGrouping<string, ListedOperation> tag in ListedOperation.List.GroupBy(o => o.Row.Tag))
        {
            page.Append(CultureInfo.InvariantCulture, $"<strong>{Safe(Title(tag.Key))}</strong>\n<ul>\n");
            foreach (ListedOperation operation in tag)
            {
                page.Append(CultureInfo.InvariantCulture, $"<li><a href=\"#{operation.Id}\"><b>{operation.Row.Method}</b> {Safe(operation.Row.Summary)}</a></li>\n");
            }

            page.Append("</ul>\n");
        }

        page.Append("<strong>Objects</strong>\n<ul>\n");
        foreach ((string name, _) in AllSchemas.List)
        {
            page.Append(CultureInfo.InvariantCulture, $"<li><a href=\"#object-{name}\">{name}</a></li>\n");
        }

        page.Append("</ul>\n<a href=\"#errors\">Error codes</a>\n</nav>\n");
    }

    private static void WriteOperation(StringBuilder page, ListedOperation operation)
    {
        OperationRow row = operation.Row;
        page.Append(CultureInfo.InvariantCulture, $"<section id=\"{operation.Id}\">\n<h3><b>{row.Method}</b> {Safe(row.Path)}</h3>\n<p>{Safe(row.Summary)}.</p>\n");
        WriteText(page, row.Description);
        string number = row.Number > 0 ? $"Endpoint {row.Number.ToString(CultureInfo.InvariantCulture)} of the contract. " : "An addition of ours. ";
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"dim\">{number}{Safe(WhoMay(operation.Endpoint.Access))}</p>\n");
        page.Append(CultureInfo.InvariantCulture, $"<pre>{Safe(Curl(operation))}</pre>\n");
        WriteMembers(page, operation.Endpoint.Body == BodyRule.Required ? "Body" : "Body, which may be left out", row.Fields, required: true);
        WriteMembers(page, "Query", row.Query, required: true);
        WriteMembers(page, "Headers", row.Headers, required: true);
        page.Append("<h4>Replies</h4>\n<div class=\"wide\"><table>\n");
        foreach (ReplyRow reply in row.Replies)
        {
            string what = reply.Schema is null ? "" : reply.Type == ReplyRow.Json ? KindOf(reply.Schema) : Safe(reply.Type);
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{reply.Status}</td><td>{what}</td><td>{Safe(reply.Meaning)}</td></tr>\n");
        }

        foreach (IGrouping<int, ErrorCode> status in operation.Errors.GroupBy(e => e.Status))
        {
            string codes = string.Join(", ", status.Select(e => $"<code>{e.Code}</code>"));
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{status.Key}</td><td><a href=\"#object-Error\">Error</a></td><td>{codes}</td></tr>\n");
        }

        page.Append("</table></div>\n</section>\n");
    }

    private static void WriteMembers(StringBuilder page, string? heading, IReadOnlyList<Member> members, bool required)
    {
        if (members.Count == 0)
        {
            return;
        }

        if (heading is not null)
        {
            page.Append(CultureInfo.InvariantCulture, $"<h4>{heading}</h4>\n");
        }

        page.Append("<div class=\"wide\"><table>\n<tr><th>Name</th><th>Type</th><th>Meaning</th></tr>\n");
        foreach (Member member in members)
        {
            string mark = required == member.Optional ? "" : required ? " <span class=\"dim\">required</span>" : " <span class=\"dim\">may be missing</span>";
            page.Append(CultureInfo.InvariantCulture, $"<tr><td><code>{Safe(member.Name)}</code>{mark}</td><td>{KindOf(member.Schema)}</td><td>{Safe(Meaning(member.Schema))}</td></tr>\n");
        }

        page.Append("</table></div>\n");
    }

    private static void WriteErrorTable(StringBuilder page)
    {
        page.Append("<section id=\"errors\">\n<h3>Error codes</h3>\n<div class=\"wide\"><table>\n<tr><th>Status</th><th>Code</th><th>Meaning</th></tr>\n");
        foreach (ErrorCode code in ErrorCodes.List)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{code.Status}</td><td><code>{code.Code}</code></td><td>{Safe(code.Meaning)}</td></tr>\n");
        }

        page.Append("</table></div>\n</section>\n");
    }

    private static void WriteText(StringBuilder page, string? text)
    {
        if (text is not null)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p>{Safe(text)}</p>\n");
        }
    }

    private static string KindOf(Schema schema) => schema switch
    {
        { Ref: { } name } => $"<a href=\"#object-{name}\">{name}</a>",
        { AnyOf: { } some } => string.Join(" or ", some.Select(KindOf)),
        { Items: { } items } => $"array of {KindOf(items)}",
        { Members: { } members } => $"object: {string.Join(", ", members.Select(m => $"<code>{m.Name}</code>"))}",
        { Values: { Type: { } values } } => $"object of {values}s",
        _ => schema.Type ?? "any",
    };

    private static string Meaning(Schema schema)
    {
        List<string> parts = [];
        if (schema.Description is not null)
        {
            parts.Add(schema.Description);
        }

        if (schema.Enum is not null)
        {
            parts.Add($"One of {string.Join(", ", schema.Enum)}.");
        }

        if (schema.Minimum is not null || schema.Maximum is not null)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"From {schema.Minimum?.ToString(CultureInfo.InvariantCulture) ?? "any"} to {schema.Maximum?.ToString(CultureInfo.InvariantCulture) ?? "any"}."));
        }

        if (schema.Default is not null)
        {
            string shown = Convert.ToString(schema.Default, CultureInfo.InvariantCulture)!;
            parts.Add($"Default {(schema.Default is bool ? shown.ToLowerInvariant() : shown)}.");
        }

        return string.Join(' ', parts);
    }

    private static string WhoMay(AccessClass access) => access switch
    {
        AccessClass.Session => "Needs a session token.",
        AccessClass.SessionOrKey => "Needs a session token or the api key.",
        AccessClass.Trusted => "For callers on the host itself; where an api key is set, for callers who have it.",
        _ => "Open to anyone who can connect.",
    };

    /// <summary>How to call it, with ids as variables of a shell.</summary>
    public static string Curl(ListedOperation operation)
    {
        OperationRow row = operation.Row;
        string path = row.Path.Replace("{id}", "$SANDBOX", StringComparison.Ordinal).Replace("{execId}", "$EXEC", StringComparison.Ordinal)
            .Replace("{snapshotId}", "$SNAPSHOT", StringComparison.Ordinal).Replace("{mountId}", "$MOUNT", StringComparison.Ordinal)
            .Replace("{port}", "8080", StringComparison.Ordinal).Replace("{sessionId}", "$SESSION", StringComparison.Ordinal);
        StringBuilder line = new("curl -s");
        line.Append(row.Replies.Any(r => r.Type == ReplyRow.Events) ? "N" : "");
        line.Append(row.Method == "GET" ? "" : $" -X {row.Method}");
        line.Append(CultureInfo.InvariantCulture, $" \"http://127.0.0.1:10122{path}{row.ExampleQuery}\"");
        line.Append(operation.Endpoint.Access switch
        {
            AccessClass.Session or AccessClass.SessionOrKey => " \\\n  -H \"X-Session-Token: $TOKEN\"",
            AccessClass.Trusted => " \\\n  -H \"Authorization: Bearer $API_KEY\"   # only where an api key is set",
            _ => "",
        });
        line.Append(row.Example is { } body ? $" \\\n  -d '{body.Replace("'", "'\\''", StringComparison.Ordinal)}'" : "");
        line.Append(row.BodyType is not null ? " \\\n  -T -" : "");
        return line.ToString();
    }

    private static string Title(string tag) => char.ToUpperInvariant(tag[0]) + tag[1..];

    private static string Safe(string text) => HtmlEncoder.Default.Encode(text);
}
