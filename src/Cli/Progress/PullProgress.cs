using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Progress;

/// <summary>The daemon's progress lines of an image pull, turned into bars and remarks.</summary>
internal sealed class PullProgress
{
    private readonly IProgressView _view;
    private string? _stage;

    public PullProgress(IProgressView view) => _view = view;

    /// <summary>Shows one <c>pull</c> object.</summary>
    public void Show(JsonObject pull)
    {
        IReadOnlyList<JsonObject> layers = pull.Items("layers");
        if (pull.Text("stage") is { } stage && stage != _stage)
        {
            _stage = stage;
            _view.Say(Stage(stage, layers));
        }

        foreach (JsonObject layer in layers)
        {
            string digest = layer.Text("digest") ?? "";
            string state = layer.Text("state") ?? "";
            long? size = layer.Number("size");
            long received = layer.Number("received") ?? 0;
            bool isHere = state is "downloaded" or "unpacking" or "done" or "present";
            _view.Report(digest, $"{Short(digest)} {state,-11}", isHere ? size ?? received : received, size);
        }
    }

    private static string Stage(string stage, IReadOnlyList<JsonObject> layers)
    {
        if (stage != "downloading" || layers.Count == 0)
        {
            return stage;
        }

        JsonObject[] missing = [.. layers.Where(l => l.Text("state") is not ("present" or "done" or "downloaded"))];
        int present = layers.Count - missing.Length;
        string here = present == 0 ? "" : $", {present} {(present == 1 ? "is" : "are")} here already";
        string word = missing.Length == 1 ? "layer" : "layers";
        return $"downloading {missing.Length} {word}, {Human.Bytes(missing.Sum(l => l.Number("size") ?? 0))}{here}";
    }

    private static string Short(string digest)
    {
        string hex = digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
        return hex.Length <= 12 ? hex : hex[..12];
    }
}
