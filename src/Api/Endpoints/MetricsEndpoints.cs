using Sleigh.Api.Json;
using Sleigh.Api.Metrics;
using Sleigh.Api.Routing;

namespace Sleigh.Api.Endpoints;

/// <summary>Endpoint 41.</summary>
internal static class MetricsEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "metrics", NoRequest.Read, GetAsync) { Access = AccessClass.Trusted },
    ];

    private static Task<Reply> GetAsync(Call call, NoRequest request)
    {
        MetricsText text = new();
        foreach (Figure figure in Figures.Of(call.Dependencies))
        {
            text.Family(figure.Name, figure.IsCounter ? "counter" : "gauge", figure.Help);
            foreach (FigureValue value in figure.Read())
            {
                text.Sample(figure.Name, value.Label is null ? "" : MetricsText.Label(value.Label, value.Word ?? ""), value.Value);
            }
        }

        call.Dependencies.Meters.Write(text);
        return Task.FromResult(Reply.Text(200, MetricsText.ContentType, text.ToString()));
    }
}
