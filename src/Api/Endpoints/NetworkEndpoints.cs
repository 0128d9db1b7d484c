using Sleigh.Api.Json;
using Sleigh.Api.Requests;
using Sleigh.Api.Routing;
using Sleigh.Api.Views;
using Sleigh.Network;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>What a sandbox may reach, changed while it runs: our extension.</summary>
internal static class NetworkEndpoints
{
    public static IEnumerable<Endpoint> List() =>
    [
        new Endpoint<NoRequest>("GET", "sandboxes/{id}/network", NoRequest.Read, ShowAsync) { KnownFields = NoRequest.Fields },
        new Endpoint<NetworkRequest>("PUT", "sandboxes/{id}/network", NetworkRequest.ReadBody, PutAsync) { Body = BodyRule.Required, KnownFields = NetworkRequest.Fields },
    ];

    private static async Task<Reply> ShowAsync(Call call, NoRequest request) => Show(await call.Sandboxes.NetworkAsync(call.Sandbox.Id, CancellationToken.None));

    private static async Task<Reply> PutAsync(Call call, NetworkRequest request)
    {
        EgressPolicy policy = request.ToPolicy(call.Options.Network.Reachable, call.Dependencies.Host.WhyClosed, prefix: "");
        await call.Sandboxes.SetEgressAsync(call.Sandbox.Id, policy, CancellationToken.None);
        return Show(await call.Sandboxes.NetworkAsync(call.Sandbox.Id, CancellationToken.None));
    }

    private static Reply Show(SandboxNetworkView view) => Reply.Json(200, json =>
    {
        json.WriteStartObject();
        json.WriteString("sandbox_id", view.Sandbox.Id.ToString());
        json.WriteString("network", SandboxView.NetworkText(view.Sandbox.Network));
        if (view.Sandbox.Egress is EgressPolicy egress)
        {
            SandboxView.WriteEgress(json, egress);
        }

        if (view.Addresses is SandboxAddresses addresses)
        {
            json.WriteStartArray("addresses");
            json.WriteStringValue(addresses.Four.ToString());
            if (addresses.Six is not null)
            {
                json.WriteStringValue(addresses.Six.ToString());
            }

            json.WriteEndArray();
        }

        json.WriteNumber("refused_packets", view.Refused.Total);
        SandboxView.WriteRefused(json, view.Refused);
        json.WriteNumber("refused_names", view.Names.Refused);
        json.WriteNumber("withheld_addresses", view.Names.Withheld);
        json.WriteEndObject();
    });
}
