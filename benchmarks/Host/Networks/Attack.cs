using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Benchmarks.Host.Networks;

/// <summary>What one sandbox does while a neighbour's commands are timed.</summary>
/// <param name="Name">Such as <c>a fork bomb</c>.</param>
/// <param name="Sandbox">Members of its create beside image and network.</param>
/// <param name="Commands">Programs that go on until the sandbox is deleted.</param>
internal sealed record Attack(string Name, Func<JsonObject> Sandbox, IReadOnlyList<string[]> Commands)
{
    private const string TakeMemory = "import time\nb = b'x' * (2 << 30)\ntime.sleep(1)";

    // Under way until the limit of each process, again and again.
    private const string HoardFiles = """
        import os, resource, time
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        while True:
            held = []
            try:
                while True:
                    held.append(os.open("/dev/null", os.O_RDONLY))
            except OSError:
                time.sleep(0.5)
            for each in held:
                os.close(each)
        """;

    // Datagrams from and to ever other ports, each a connection of its own to the kernel; every fourth goes where it is refused.
    private const string FloodPackets = """
        import random, socket
        while True:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for i in range(500):
                try:
                    s.sendto(b"x" * 64, ("169.254.169.254" if i % 4 == 0 else "203.0.113.%d" % random.randrange(128, 255), random.randrange(1, 65536)))
                except OSError:
                    pass
            s.close()
        """;

    private const string OpenConnections = """
        import random, resource, socket
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        held = []
        while True:
            if len(held) >= 5000:
                for each in held:
                    each.close()
                held = []
            s = socket.socket()
            s.setblocking(False)
            held.append(s)
            try:
                s.connect(("203.0.113.%d" % random.randrange(128, 255), random.randrange(1, 65536)))
            except OSError:
                pass
        """;

    /// <summary>Memory that no sandbox of the usual size may have; ends with 0 where nothing holds it.</summary>
    public static string[] TooMuchMemory { get; } = ["python3", "-c", TakeMemory];

    /// <summary>Each of them alone; where nothing is said the sandbox has the usual limits, and may use all CPUs.</summary>
    public static IReadOnlyList<Attack> All { get; } =
    [
        new("a fork bomb", () => [], [["perl", "-e", "while (1) { fork }"]]),
        new("a memory bomb", NoGrowth, [Again("python3 -c \"$0\"", TakeMemory), Again("python3 -c \"$0\"", TakeMemory)]),
        new("a disk filler", () => new JsonObject { ["disk_limit_mb"] = 512 }, [Again("dd if=/dev/zero of=/fill bs=1M; sync; rm -f /fill")]),
        new(
            "a hoarder of open files",
            () => new JsonObject { ["memory_limit_mb"] = 512, ["auto_expand_memory"] = false },
            [.. Enumerable.Range(0, 4).Select(_ => Again("python3 -c \"$0\"", HoardFiles))]),
        new("a CPU hog", () => new JsonObject { ["cpus"] = 1 }, [.. Enumerable.Range(0, 4).Select(_ => Again(":"))]),
        new("a flood of packets and connections", () => [], [["python3", "-c", FloodPackets], ["python3", "-c", FloodPackets], ["python3", "-c", OpenConnections]]),
    ];

    /// <summary>Whether it lives on a limit of memory.</summary>
    public bool NeedsMemoryLimit => Sandbox().Flag("auto_expand_memory") == false;

    private static JsonObject NoGrowth() => new() { ["auto_expand_memory"] = false };

    private static string[] Again(string script, params string[] arguments) =>
        ["/bin/sh", "-c", $"while :; do {script}; done > /dev/null 2>&1", .. arguments];
}
