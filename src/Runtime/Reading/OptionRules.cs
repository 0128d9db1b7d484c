namespace Sleigh.Runtime.Reading;

/// <summary>What is known of a program's options, and which of them are refused.</summary>
/// <param name="Flags">Letters that take no argument in any implementation.</param>
/// <param name="Values">Letters whose argument is the rest of the cluster, or the next argument where nothing is left.</param>
/// <param name="Refused">Letters that can write or execute.</param>
/// <param name="LongFlags">Long names that take no argument.</param>
/// <param name="RefusedNames">Long names that can write or execute; their beginnings are refused with them.</param>
internal sealed record OptionRules(string Flags, string Values, string Refused, string[] LongFlags, string[] RefusedNames)
{
    // ugrep, which can stand under grep's name, runs filters and pagers and writes a configuration.
    private static readonly OptionRules Grep = new(
        "abcEFGHhIiLlnoPqRrsTUuVvwxyZz", "ABCDdefm", "Q",
        [
            "extended-regexp", "fixed-strings", "basic-regexp", "perl-regexp", "ignore-case", "no-ignore-case", "word-regexp", "line-regexp",
            "invert-match", "count", "files-with-matches", "files-without-match", "only-matching", "quiet", "silent", "no-messages",
            "byte-offset", "with-filename", "no-filename", "line-number", "null", "null-data", "recursive", "dereference-recursive", "text",
        ],
        ["filter", "pager", "view", "query", "save-config"]);

    private static readonly OptionRules Ripgrep = new(
        "abcFHhIiLlNnoPpqSsUuVvwx0.", "ABCEMTdefgjmrt", "z",
        [
            "hidden", "no-ignore", "ignore-case", "smart-case", "case-sensitive", "fixed-strings", "word-regexp", "line-regexp", "invert-match",
            "count", "count-matches", "files", "files-with-matches", "files-without-match", "line-number", "no-line-number", "no-heading",
            "heading", "no-filename", "with-filename", "multiline", "json", "vimgrep", "pcre2", "only-matching", "quiet", "follow", "text", "null",
            "no-messages", "pretty", "trim", "column", "stats", "no-config", "no-pre", "no-search-zip",
        ],
        ["pre", "hostname-bin", "search-zip"]);

    private static readonly OptionRules Fd = new(
        "HIuasigFLp10qhVl", "dEetScjoC", "xX",
        [
            "hidden", "no-ignore", "no-ignore-vcs", "no-ignore-parent", "unrestricted", "case-sensitive", "ignore-case", "glob", "regex",
            "fixed-strings", "absolute-path", "follow", "full-path", "print0", "prune", "quiet", "one-file-system", "show-errors",
        ],
        ["exec", "exec-batch"]);

    // Each of tree's letters with an argument takes one of the next arguments, and the cluster goes on behind it: -Po is -P and -o.
    private static readonly OptionRules Tree = new(
        "adflxJXqNQpugshDFivrtcUnACS", "", "oR",
        [
            "noreport", "dirsfirst", "filesfirst", "du", "si", "prune", "inodes", "device", "matchdirs", "ignore-case", "gitignore", "metafirst",
            "fromfile", "nolinks", "help", "version",
        ],
        ["output"]);

    // bat, which can stand under cat's name.
    private static readonly OptionRules Cat = new(
        "AbeEnstTuv", "", "", ["show-all", "number", "number-nonblank", "show-ends", "show-tabs", "show-nonprinting", "squeeze-blank"], ["pager", "paging"]);

    /// <summary>The rules of a command; null where nothing it takes can write or execute.</summary>
    public static OptionRules? Of(string command) => command switch
    {
        "grep" => Grep,
        "rg" => Ripgrep,
        "fd" => Fd,
        "tree" => Tree,
        "cat" => Cat,
        _ => null,
    };
}
