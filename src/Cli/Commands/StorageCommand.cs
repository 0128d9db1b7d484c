using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl storage</c>: where layers lie, what each sandbox takes, growing the pool and checking it.</summary>
internal static class StorageCommand
{
    // A walk over all files takes as long as it takes.
    private static readonly TimeSpan Patience = TimeSpan.FromHours(2);

    public static Command Build(CommandHost host)
    {
        var measure = new Option<bool>("--measure") { Description = "Walk the files of layers whose size the kernel does not count; slow" };
        var command = new ExampledCommand(
            "storage", "Show where the files of sandboxes lie and what they take", "sleighctl storage\nsleighctl storage --measure\nsleighctl storage grow 200GiB\nsleighctl storage scrub");
        command.Options.Add(measure);
        command.Subcommands.Add(Grow(host));
        command.Subcommands.Add(Scrub(host));
        return host.Runs(command, async (arguments, run) => Show(run, arguments.GetValue(measure)
            ? await run.Client.GetAsync("/admin/storage?measure=true", run.Cancelled, Patience)
            : await run.Client.GetAsync("/admin/storage", run.Cancelled)));
    }

    private static Command Grow(CommandHost host)
    {
        var size = new Argument<string>("SIZE") { Description = "The pool's new size, such as 200GiB" };
        var command = new ExampledCommand("grow", "Grow the pool's file now, under sandboxes that run", "sleighctl storage grow 200GiB");
        command.Arguments.Add(size);
        return host.Runs(command, async (arguments, run) =>
        {
            string text = arguments.GetRequiredValue(size);
            long bytes = TryParse(text) ?? throw new CliException(
                ExitCode.Usage, $"'{text}' is no size: a number with MiB, GiB or TiB", "sleighctl storage grow --help shows what it takes");
            JsonObject answer = await run.Client.PostAsync("/admin/storage/grow", new JsonObject { ["bytes"] = bytes }, run.Cancelled, Patience);
            return ShowChanged(run, answer);
        });
    }

    private static Command Scrub(CommandHost host)
    {
        var cancel = new Option<bool>("--cancel") { Description = "End the check under way" };
        var command = new ExampledCommand(
            "scrub", "Begin to check all that the layers hold against its checksums (btrfs); 'sleighctl storage' shows how far it is and what it found",
            "sleighctl storage scrub\nsleighctl storage scrub --cancel");
        command.Options.Add(cancel);
        return host.Runs(command, async (arguments, run) => ShowChanged(
            run, await run.Client.PostAsync("/admin/storage/scrub", new JsonObject { ["cancel"] = arguments.GetValue(cancel) }, run.Cancelled, Patience)));
    }

    /// <summary>Reads <c>200GiB</c>; also <c>200G</c> and <c>200GB</c>, which are the same. Null: it is no size.</summary>
    internal static long? TryParse(string text)
    {
        string unit = text.TrimStart("0123456789".ToCharArray());
        int shift = unit.ToLowerInvariant() switch { "m" or "mb" or "mib" => 20, "g" or "gb" or "gib" => 30, "t" or "tb" or "tib" => 40, _ => 0 };
        return shift > 0 && long.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number <= long.MaxValue >> shift
                ? number << shift
                : null;
    }

    private static int ShowChanged(Invocation run, JsonObject answer)
    {
        if (answer.Text("warning") is { } warning)
        {
            run.Remark($"sleighctl: {Human.OneLine(warning)}");
        }

        return Show(run, answer);
    }

    private static int Show(Invocation run, JsonObject storage)
    {
        run.Show(storage, StorageViews.All, s => s.Items().Select(item => item.Text("sandbox_id")));
        return ExitCode.Success;
    }
}
