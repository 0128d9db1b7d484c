using System.CommandLine;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl create</c>: a new sandbox. Standard output is its id alone, so that a script can keep it.</summary>
internal static class CreateCommand
{
    // A pull may take two minutes; existing clients wait 180 s for a create.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(180);

    public static Command Build(CommandHost host)
    {
        var image = Text("--image", "Image to start from [default: the daemon's pool.image]", "IMAGE");
        var name = Text("--name", "A name, unique among your sandboxes", "NAME");
        var memory = Number("--memory", "First memory limit, in MB", "MB");
        var ceiling = Number("--ceiling", "Memory may grow up to this, in MB", "MB");
        var fixedMemory = new Option<bool>("--fixed-memory") { Description = "Do not let the memory limit grow by itself" };
        var cpus = new Option<double?>("--cpus") { Description = "CPU limit, in cores", HelpName = "CORES" };
        var pids = Number("--pids", "Most processes", "COUNT");
        var disk = Number("--disk", "Most data written, in MB", "MB");
        var readOnly = new Option<bool>("--read-only") { Description = "Let only /workspace and /tmp be written to" };
        var user = Text("--user", "User that commands run as: name, uid or uid:gid", "USER");
        var network = Text("--network", "Network; host: the host's own, where the operator allows it", "none|bridge|host");
        var runtime = Text("--runtime", "Runtime class, such as runc or crun [default: the daemon's sandbox.runtime]", "CLASS");
        var onOom = Text("--on-oom", "What happens when memory ran out", "report|rollback");
        var autoSnapshot = Text("--auto-snapshot", "exec: a snapshot before each command, where something has changed", "off|exec");
        var ttl = Number("--ttl", "Delete the sandbox this many seconds after its creation", "SECONDS");
        var port = new Option<int[]>("--port", "-p") { Description = "Declare a port of a server in it; may be repeated", HelpName = "PORT" };
        var snapshot = Text("--snapshot", "Start from the files of a snapshot, given by its whole id", "ID");
        var env = new Option<string[]>("--env", "-e") { Description = "Environment of every command; may be repeated", HelpName = "NAME=VALUE" };
        var secret = new Option<string[]>("--secret")
        {
            Description = "A variable of every command that is never recorded: from a file, from standard input (NAME=@-), or NAME alone from here; may be repeated",
            HelpName = SecretOptions.Form,
        };
        var label = new Option<string[]>("--label", "-l") { Description = "A label; may be repeated", HelpName = "NAME=VALUE" };

        var command = new ExampledCommand(
            "create",
            "Make a sandbox and print its id",
            "sleighctl create --image quickstart\nid=$(sleighctl create --name web --memory 512 --env MODE=test)\nsleighctl create --snapshot snap_a1b2c3d4e5f6");
        foreach (Option option in (Option[])
            [image, name, memory, ceiling, fixedMemory, cpus, pids, disk, readOnly, user, network, runtime, onOom, autoSnapshot, ttl, port, snapshot, env, secret, label])
        {
            command.Options.Add(option);
        }

        return host.Runs(command, async (arguments, run) =>
        {
            JsonObject body = [];
            Set("image", arguments.GetValue(image));
            Set("name", arguments.GetValue(name));
            Set("memory_limit_mb", arguments.GetValue(memory));
            Set("memory_ceiling_mb", arguments.GetValue(ceiling));
            Set("auto_expand_memory", arguments.GetValue(fixedMemory) ? JsonValue.Create(false) : null);
            Set("cpus", arguments.GetValue(cpus));
            Set("pids_limit", arguments.GetValue(pids));
            Set("disk_limit_mb", arguments.GetValue(disk));
            Set("read_only", arguments.GetValue(readOnly) ? JsonValue.Create(true) : null);
            Set("user", arguments.GetValue(user));
            Set("network", arguments.GetValue(network));
            Set("runtime", arguments.GetValue(runtime));
            Set("on_oom", arguments.GetValue(onOom));
            Set("auto_snapshot", arguments.GetValue(autoSnapshot));
            Set("ttl_seconds", arguments.GetValue(ttl));
            Set("ports", arguments.GetValue(port) is { Length: > 0 } ports ? new JsonArray([.. ports.Select(p => JsonValue.Create(p))]) : null);
            Set("snapshot_id", arguments.GetValue(snapshot));
            Set("env", Pairs.Parse("--env", arguments.GetValue(env), Environment.GetEnvironmentVariable));
            Set("secrets", SecretOptions.Read(arguments.GetValue(secret), host, run.Terminal.Input));
            Set("labels", Pairs.Parse("--label", arguments.GetValue(label)));

            JsonObject sandbox = await run.Client.PostAsync("/sandboxes", body, run.Cancelled, Timeout);
            run.Show(sandbox, s => $"{s.Text("sandbox_id")}\n", s => [s.Text("sandbox_id")]);
            string source = sandbox.Text("source") is { } from ? $", {from}" : "";
            run.Remark($"{sandbox.Text("status")} after {sandbox.Number("startup_latency_ms")} ms{source}, image {sandbox.Text("image")}");
            return ExitCode.Success;

            void Set(string field, JsonNode? value)
            {
                if (value is not null)
                {
                    body[field] = value;
                }
            }
        });
    }

    private static Option<string?> Text(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };

    private static Option<int?> Number(string name, string description, string value) =>
        new(name) { Description = description, HelpName = value };
}
