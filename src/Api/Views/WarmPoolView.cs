using System.Text.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>WarmPool: section 3.5 of the contract.</summary>
internal static class WarmPoolView
{
    /// <summary>The object of the contract.</summary>
    public static void Write(Utf8JsonWriter json, WarmPoolStatus pool)
    {
        json.WriteStartObject();
        WriteMembers(json, pool);
        json.WriteEndObject();
    }

    /// <summary>With what demand asks for and how the members fare.</summary>
    public static void WriteWhole(Utf8JsonWriter json, WarmPoolStatus pool)
    {
        json.WriteStartObject();
        WriteMembers(json, pool);
        json.WriteNumber("target_now", pool.TargetNow);
        json.WriteNumber("max_size", pool.MaxSize);
        json.WriteNumber("making", pool.Making);
        json.WriteNumber("dropped", pool.Dropped);
        json.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter json, WarmPoolStatus pool)
    {
        json.WriteBoolean("enabled", pool.TargetSize > 0);
        json.WriteNumber("target_size", pool.TargetSize);
        json.WriteNumber("available", pool.Available);
        json.WriteString("image", pool.Image);
        json.WriteNumber("memory_mb", pool.MemoryMb);
        json.WriteNumber("hits", pool.Hits);
        json.WriteNumber("misses", pool.Misses);
        json.WriteNumber("refill_total", pool.RefillTotal);
    }
}
