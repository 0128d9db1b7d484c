using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Network.Cni;

/// <summary>
/// Calls CNI plugins as the CNI specification 1.0.0 says a container runtime does: programs that get their parameters in variables and their
/// configuration on standard input, and answer on standard output.
/// </summary>
internal sealed class CniRuntime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _directory;
    private readonly NetworkPlace _place;

    /// <summary>A runtime.</summary>
    /// <param name="directory">Where the plugins are: <c>CNI_PATH</c>.</param>
    /// <param name="place">The namespace that plugins take for the host's.</param>
    public CniRuntime(string directory, NetworkPlace place) => (_directory, _place) = (directory, place);

    /// <summary>
    /// Calls ADD of each plugin in order, each with the result of the one before. When one fails, DEL is called of all, and the first error
    /// is thrown.
    /// </summary>
    /// <exception cref="CniException">A plugin failed, or its answer is no result.</exception>
    /// <exception cref="IOException">A plugin is not there or cannot be started.</exception>
    public async Task<CniResult> AddAsync(CniNetwork network, CniAttachment attachment, CancellationToken cancellationToken)
    {
        CniResult? result = null;
        try
        {
            foreach (JsonObject plugin in network.Plugins)
            {
                ProgramEnd end = await CallAsync(network, plugin, "ADD", attachment, result, cancellationToken);
                result = Read(plugin, end);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            await TakeBackAsync(network, attachment, result);
            throw;
        }

        return result ?? throw new InvalidOperationException($"the CNI network {network.Name} has no plugin");
    }

    /// <summary>Calls DEL of each plugin in reverse order. A plugin succeeds when what it made is gone already.</summary>
    /// <param name="network">The network.</param>
    /// <param name="attachment">What ADD was called with.</param>
    /// <param name="result">What ADD gave; null where that is not known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CniException">A plugin failed.</exception>
    /// <exception cref="IOException">A plugin is not there or cannot be started.</exception>
    public async Task DelAsync(CniNetwork network, CniAttachment attachment, CniResult? result, CancellationToken cancellationToken)
    {
        foreach (JsonObject plugin in network.Plugins.Reverse())
        {
            await CallAsync(network, plugin, "DEL", attachment, result, cancellationToken);
        }
    }

    /// <summary>Calls CHECK of each plugin in order.</summary>
    /// <exception cref="CniException">A plugin found that it is not as the ADD left it.</exception>
    /// <exception cref="IOException">A plugin is not there or cannot be started.</exception>
    public async Task CheckAsync(CniNetwork network, CniAttachment attachment, CniResult result, CancellationToken cancellationToken)
    {
        foreach (JsonObject plugin in network.Plugins)
        {
            await CallAsync(network, plugin, "CHECK", attachment, result, cancellationToken);
        }
    }

    /// <summary>The versions of the specification that a plugin knows.</summary>
    /// <exception cref="CniException">It failed, or its answer has no list of versions.</exception>
    /// <exception cref="IOException">It is not there or cannot be started.</exception>
    public async Task<IReadOnlyList<string>> VersionsAsync(string plugin, CancellationToken cancellationToken)
    {
        JsonObject input = new() { ["cniVersion"] = CniNetwork.Version };
        ProgramEnd end = await RunAsync(plugin, "VERSION", input, new Dictionary<string, string> { ["CNI_COMMAND"] = "VERSION" }, cancellationToken);
        try
        {
            JsonArray versions = JsonNode.Parse(end.Output)?["supportedVersions"] as JsonArray ?? throw new JsonException("no supportedVersions");
            return [.. versions.Select(v => v!.GetValue<string>())];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CniException(plugin, "VERSION", 0, $"its answer is no list of versions: '{end.Output.Trim()}'");
        }
    }

    private static CniResult Read(JsonObject plugin, ProgramEnd end)
    {
        try
        {
            return CniResult.Parse(end.Output);
        }
        catch (FormatException e)
        {
            throw new CniException(TypeOf(plugin), "ADD", 0, e.Message);
        }
    }

    private static string TypeOf(JsonObject plugin) => plugin["type"]!.GetValue<string>();

    // Section 2: a runtime has to call DEL when an ADD has failed. Its own failure would only hide the first one.
    private async Task TakeBackAsync(CniNetwork network, CniAttachment attachment, CniResult? result)
    {
        foreach (JsonObject plugin in network.Plugins.Reverse())
        {
            try
            {
                await CallAsync(network, plugin, "DEL", attachment, result, CancellationToken.None);
            }
            catch (IOException)
            {
                // Whoever recorded the attachment calls DEL again.
            }
        }
    }

    private Task<ProgramEnd> CallAsync(
        CniNetwork network, JsonObject plugin, string command, CniAttachment attachment, CniResult? previous, CancellationToken cancellationToken) =>
        RunAsync(
            TypeOf(plugin), command, network.Execution(plugin, previous),
            new Dictionary<string, string>
            {
                ["CNI_COMMAND"] = command,
                ["CNI_CONTAINERID"] = attachment.ContainerId,
                ["CNI_NETNS"] = attachment.NamespacePath ?? "",
                ["CNI_IFNAME"] = attachment.InterfaceName,
                ["CNI_PATH"] = _directory,
            },
            cancellationToken);

    private async Task<ProgramEnd> RunAsync(
        string plugin, string command, JsonObject input, Dictionary<string, string> variables, CancellationToken cancellationToken)
    {
        string path = Path.Combine(_directory, plugin);
        if (plugin.Contains('/', StringComparison.Ordinal) || !File.Exists(path))
        {
            throw new IOException($"there is no CNI plugin {path}");
        }

        ProgramEnd end = await _place.RunAsync(path, [], input.ToJsonString(), variables, changes: command is "ADD" or "DEL", Limit, cancellationToken);
        return end.Status == 0 ? end : throw CniException.From(plugin, command, end);
    }
}
