using System.Text.Json;
using Sleigh.Containerd;

namespace Sleigh.Api.Views;

/// <summary>How far a pull is.</summary>
internal static class PullView
{
    public static void Write(Utf8JsonWriter json, PullProgress progress)
    {
        json.WriteStartObject();
        json.WriteStartObject("pull");
        json.WriteString("stage", progress.Stage switch
        {
            PullStage.Resolving => "resolving",
            PullStage.Downloading => "downloading",
            PullStage.Unpacking => "unpacking",
            _ => throw new ArgumentOutOfRangeException(nameof(progress), progress.Stage, "unknown stage"),
        });
        json.WriteStartArray("layers");
        foreach (LayerProgress layer in progress.Layers)
        {
            json.WriteStartObject();
            json.WriteString("digest", layer.Digest);
            json.WriteNumber("size", layer.Size);
            json.WriteNumber("received", layer.Received);
            json.WriteString("state", Word(layer.State));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Word(LayerState state) => state switch
    {
        LayerState.Waiting => "waiting",
        LayerState.Downloading => "downloading",
        LayerState.Resuming => "resuming",
        LayerState.Downloaded => "downloaded",
        LayerState.Unpacking => "unpacking",
        LayerState.Unpacked => "done",
        LayerState.Present => "present",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "unknown state"),
    };
}
