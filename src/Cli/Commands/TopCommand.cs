using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Sleigh.Cli.Output;
using Sleigh.Cli.Top;
using Sleigh.Cli.Tty;

namespace Sleigh.Cli.Commands;

/// <summary><c>sleighctl top</c>: who uses memory and CPU, live. Without a terminal, or for a program, samples one after the other.</summary>
internal static class TopCommand
{
    // CPU needs two samples; the first pair is taken close together so that the first picture has it.
    private static readonly TimeSpan FirstGap = TimeSpan.FromMilliseconds(500);

    public static Command Build(CommandHost host)
    {
        var iterations = new Option<int?>("--iterations", "-n") { Description = "Print so many pictures one below the other [default: one that is live; 1 without a terminal]", HelpName = "COUNT" };
        var delay = new Option<double>("--delay", "-d") { Description = "Time between two pictures", HelpName = "SECONDS", DefaultValueFactory = _ => 2 };
        var sort = new Option<string>("--sort", "-s")
        {
            Description = "Sort by memory, cpu, execs or name", HelpName = "memory|cpu|execs|name", DefaultValueFactory = _ => "memory",
        };
        iterations.Validators.Add(result =>
        {
            if (result.GetValue(iterations) is < 1)
            {
                result.AddError("--iterations must be 1 or more");
            }
        });
        delay.Validators.Add(result =>
        {
            if (result.GetValue(delay) is not (>= 0.1 and <= 3600))
            {
                result.AddError("--delay must be from 0.1 to 3600");
            }
        });
        sort.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: not ("memory" or "cpu" or "execs" or "name") } token])
            {
                result.AddError($"--sort is '{token.Value}', must be memory, cpu, execs or name");
            }
        });
        var command = new ExampledCommand(
            "top",
            "Show live what the sandboxes use; keys: m memory, c CPU, e commands, n name, q quit",
            "sleighctl top\nsleighctl top --sort cpu --delay 1\nsleighctl top -n 1 | head\nsleighctl top -o json -n 10 | jq '.items[].memory_used_bytes'");
        foreach (Option option in (Option[])[iterations, delay, sort])
        {
            command.Options.Add(option);
        }

        return host.Runs(command, async (arguments, run) =>
        {
            TimeSpan pause = TimeSpan.FromSeconds(arguments.GetValue(delay));
            TopSort by = Enum.Parse<TopSort>(arguments.GetValue(sort)!, ignoreCase: true);
            int? count = arguments.GetValue(iterations);
            // Pictures that were asked for by number stay on the terminal; a live one clears the screen behind it.
            bool live = count is null && !run.IsForProgram && run.Terminal is { InputIsTerminal: true, OutputIsTerminal: true };
            await (live ? LiveAsync(run, by, pause) : SamplesAsync(run, by, pause, count ?? 1));
            return ExitCode.Success;
        });
    }

    private static async Task SamplesAsync(Invocation run, TopSort sort, TimeSpan pause, int count)
    {
        JsonObject? before = null;
        if (!run.IsForProgram)
        {
            before = await SampleAsync(run);
            await Task.Delay(FirstGap, run.Time, run.Cancelled);
        }

        for (int i = 0; i < count; i++)
        {
            if (i > 0)
            {
                await Task.Delay(pause, run.Time, run.Cancelled);
            }

            JsonObject sample = await SampleAsync(run);
            IReadOnlyList<string> lines = TopView.Lines(sample, TopView.CpuPercent(before, sample), sort, run.Now, run.Paint);
            string text = string.Concat(lines.Select(l => l + "\n")) + (i + 1 < count ? "\n" : "");
            if (run.IsForProgram && count == 1)
            {
                run.Show(sample, _ => text);
            }
            else
            {
                run.ShowNext(sample, _ => text);
            }

            before = sample;
        }
    }

    private static async Task LiveAsync(Invocation run, TopSort sort, TimeSpan pause)
    {
        JsonObject? before = await SampleAsync(run);
        using TerminalMode keysOnly = TerminalMode.Keys();
        using var screen = new TopScreen(run.Terminal.Output);
        Channel<char> keys = ReadKeys(run.Terminal.Input);
        JsonObject sample = before;
        TerminalSize size = Stty.Size() ?? TerminalSize.Usual;
        for (int shown = 0; ; shown++)
        {
            TimeSpan wait = shown == 0 ? FirstGap : pause;
            IReadOnlyDictionary<string, double> cpu = TopView.CpuPercent(before, sample);
            long start = run.Time.GetTimestamp();
            while (wait - run.Time.GetElapsedTime(start) is { Ticks: > 0 } left)
            {
                Draw();
                if (await KeyAsync(keys, left, run) is not { } key)
                {
                    break;
                }

                if (key is 'q' or 'Q')
                {
                    return;
                }

                sort = key switch { 'm' => TopSort.Memory, 'c' => TopSort.Cpu, 'e' => TopSort.Execs, 'n' => TopSort.Name, _ => sort };
            }

            before = sample;
            sample = await SampleAsync(run);
            size = Stty.Size() ?? size;

            void Draw() => screen.Draw([.. TopView.Lines(sample, cpu, sort, run.Now, run.Paint), "", Footer(sort, run.Paint)], size);
        }
    }

    private static Task<JsonObject> SampleAsync(Invocation run) => run.Client.GetAsync("/admin/top", run.Cancelled);

    private static string Footer(TopSort sort, Paint paint) =>
        paint.Faint($"by {sort.ToString().ToLower(CultureInfo.InvariantCulture)}; m memory, c CPU, e commands, n name, q quit");

    private static async Task<char?> KeyAsync(Channel<char> keys, TimeSpan longest, Invocation run)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(run.Cancelled);
        limit.CancelAfter(longest);
        try
        {
            return await keys.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!run.Cancelled.IsCancellationRequested)
        {
            return null;
        }
        catch (ChannelClosedException)
        {
            // Nobody can press q any more: the terminal is gone.
            return 'q';
        }
    }

    // A read of a terminal cannot be taken back; it ends with the process.
    private static Channel<char> ReadKeys(Stream input)
    {
        Channel<char> keys = Channel.CreateUnbounded<char>();
        _ = Task.Run(() =>
        {
            byte[] buffer = new byte[64];
            try
            {
                for (int read; (read = input.Read(buffer)) > 0;)
                {
                    foreach (byte key in buffer.AsSpan(0, read))
                    {
                        keys.Writer.TryWrite((char)key);
                    }
                }
            }
            catch (IOException)
            {
                // As at its end.
            }

            keys.Writer.Complete();
        });
        return keys;
    }
}
