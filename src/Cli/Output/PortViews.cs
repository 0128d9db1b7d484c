using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Output;

/// <summary>Ports of sandboxes as text for people. Pure: values in, text out.</summary>
internal static class PortViews
{
    /// <summary>A row for each port.</summary>
    public static string All(JsonObject all) => Rows(all.Items());

    /// <summary>One port, as a row.</summary>
    public static string One(JsonObject port) => Rows([port]);

    private static string Rows(IEnumerable<JsonObject> ports)
    {
        var table = new Table(">PORT", "STATUS", "TCP", "AT");
        foreach (JsonObject p in ports)
        {
            table.Row(p.Show("port"), p.Text("status"), p.Text("tcp_error") ?? p.Text("tcp"), p.Text("host") ?? p.Text("path"));
        }

        return table.ToString();
    }
}
