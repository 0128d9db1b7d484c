using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Sleigh.Cli.Commands;

/// <summary>A command whose help ends with something to try.</summary>
internal sealed class ExampledCommand : Command
{
    public ExampledCommand(string name, string description, string more)
        : base(name, description) => More = more;

    /// <summary>The text under the options: examples, one per line.</summary>
    public string More { get; }
}

/// <summary>The usual help, followed by the command's examples.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction _usual;
    private readonly string _rootText;

    public HelpWithExamples(HelpAction usual, string rootText)
    {
        _usual = usual;
        _rootText = rootText;
    }

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int result = _usual.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        switch (parseResult.CommandResult.Command)
        {
            case ExampledCommand command:
                output.WriteLine("Examples:");
                foreach (string line in command.More.Split('\n'))
                {
                    output.WriteLine($"  {line}".TrimEnd());
                }

                output.WriteLine();
                break;
            case RootCommand:
                output.WriteLine(_rootText);
                break;
        }

        return result;
    }
}
