using System.CommandLine;
using Sleigh.Benchmarks.MemorySimulation.Model;
using Sleigh.Benchmarks.MemorySimulation.Report;
using Sleigh.Runtime.Memory;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace Sleigh.Benchmarks.MemorySimulation;

/// <summary>The command line.</summary>
internal static class SimulationCommand
{
    /// <summary>The command; prints to <paramref name="output"/>.</summary>
    public static RootCommand Build(TextWriter output)
    {
        Option<string?> trace = new("--trace") { Description = "Only this one: " + string.Join(", ", Traces.All.Select(t => t.Name)) };
        trace.AcceptOnlyFromAmong([.. Traces.All.Select(t => t.Name)]);
        Option<int> delay = new("--delay") { Description = "Milliseconds from the kernel's notification to the written limit", DefaultValueFactory = _ => 5 };
        delay.Validators.Add(result => Check(result, delay, 0, 60_000));
        Option<int> idle = new("--idle-after") { Description = "Seconds after its last growth from which a sandbox without a command counts as idle", DefaultValueFactory = _ => (int)MemoryLedger.IdleAfter.TotalSeconds };
        idle.Validators.Add(result => Check(result, idle, 0, 86_400));
        Option<int?> fixedMb = new("--static") { Description = "Instead: a fixed limit of so many MB for each sandbox" };
        fixedMb.Validators.Add(result => Check(result, fixedMb, 16, 1 << 24));
        Option<int?> host = new("--host") { Description = "Another size of the host, in MB" };
        host.Validators.Add(result => Check(result, host, 1024, 1 << 24));
        Option<string?> csv = new("--csv") { Description = "Write each step into this file: seconds, sandbox, usage, working set, brake, wall; needs --trace" };
        var root = new RootCommand("Runs the growth policy and the ledger on a modelled kernel") { trace, delay, idle, fixedMb, host, csv };
        root.Validators.Add(result =>
        {
            if (result.GetValue(csv) is not null && result.GetValue(trace) is null)
            {
                result.AddError("--csv needs --trace");
            }
        });
        root.SetAction(parsed => Run(output, parsed.GetValue(trace), parsed.GetValue(csv), parsed.GetValue(host), new SimulationOptions
        {
            Delay = TimeSpan.FromMilliseconds(parsed.GetValue(delay)),
            IdleAfter = TimeSpan.FromSeconds(parsed.GetValue(idle)),
            StaticMb = parsed.GetValue(fixedMb),
        }));
        return root;
    }

    private static int Run(TextWriter output, string? name, string? csv, int? hostMb, SimulationOptions options)
    {
        List<(SimulationResult, TimeSpan)> rows = [];
        foreach (Trace known in Traces.All.Where(trace => name is null || trace.Name == name))
        {
            Trace trace = known with { HostMb = hostMb ?? known.HostMb };
            // The first run compiles the code; the clock is for the one that is shown.
            new Simulation(trace, options).Run();
            using StepFile? file = csv is null ? null : new StepFile(new StreamWriter(csv));
            long begin = Stopwatch.GetTimestamp();
            SimulationResult result = new Simulation(trace, options, file is null ? null : file.Add).Run();
            rows.Add((result, Stopwatch.GetElapsedTime(begin)));
            output.Write($"{trace.Name}: {trace.Text}\n");
            output.Write($"  {result.Growths} growths, {result.Refusals} refused for lack of room, {result.TakeBacks} take-backs; ");
            output.Write($"the longest that one sandbox stood still: {result.MostThrottled / 1e6:F2} s\n");
        }

        output.Write("\n" + ResultTable.Of(rows));
        return 0;
    }

    private static void Check<T>(System.CommandLine.Parsing.OptionResult result, Option<T> option, int least, int most)
    {
        if (result.GetValueOrDefault<T>() is int number && (number < least || number > most))
        {
            result.AddError($"{option.Name} is {number}, must be {least} to {most}");
        }
    }
}
