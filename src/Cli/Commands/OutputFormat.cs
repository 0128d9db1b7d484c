namespace Sleigh.Cli.Commands;

/// <summary>Who reads the output.</summary>
internal enum OutputFormat
{
    /// <summary>A person.</summary>
    Table,

    /// <summary>A program: one JSON object on standard output; an error is one on standard error.</summary>
    Json,

    /// <summary>The same object as YAML.</summary>
    Yaml,
}
