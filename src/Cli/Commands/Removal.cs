using System.Text.Json.Nodes;
using Sleigh.Cli.Api;
using Sleigh.Cli.Output;

namespace Sleigh.Cli.Commands;

/// <summary>Removes several things one after the other, stops at the first that fails, and says what went.</summary>
internal static class Removal
{
    /// <param name="run">The run.</param>
    /// <param name="typed">What the person named.</param>
    /// <param name="removeAsync">Removes one and gives its id.</param>
    public static async Task<int> RunAsync(Invocation run, IEnumerable<string> typed, Func<string, Task<string>> removeAsync)
    {
        List<string> removed = [];
        foreach (string one in typed)
        {
            string id = await removeAsync(one);
            removed.Add(id);
            if (!run.IsForProgram)
            {
                run.Terminal.Line(Human.OneLine(id));
            }
        }

        if (run.IsForProgram)
        {
            run.Show(new JsonObject { ["removed"] = JsonFields.Array(removed) }, _ => "");
        }

        return ExitCode.Success;
    }
}
