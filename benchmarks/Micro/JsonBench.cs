using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Sleigh.Api.Json;

namespace Sleigh.Benchmarks.Micro;

/// <summary>The body of a request: checked, parsed, and its fingerprint for the Idempotency-Key.</summary>
public class JsonBench
{
    private static readonly byte[] Body =
        """{"argv":["/usr/bin/python3","-c","print(6*7)"],"wait":true,"wait_timeout_seconds":30,"cwd":"/work","env":{"LANG":"C.UTF-8","A":"b"}}"""u8.ToArray();

    [Benchmark]
    public int ParseBody()
    {
        using JsonDocument body = JsonBody.Parse(Body);
        return body.RootElement.GetPropertyCount();
    }

    [Benchmark]
    public string Fingerprint()
    {
        using JsonDocument body = JsonBody.Parse(Body);
        return CanonicalJson.Fingerprint("/sandboxes/sbx_0123456789ab/exec", body.RootElement);
    }
}
