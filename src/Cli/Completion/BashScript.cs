using System.CommandLine;
using System.CommandLine.Help;
using System.Text;

namespace Sleigh.Cli.Completion;

/// <summary>
/// Writes the completion script for bash from the tree of commands. Commands and options stand in the script; names of sandboxes and such
/// are asked for by <c>sleighctl __complete</c> at the moment they are wanted.
/// </summary>
/// <remarks>What an argument or option takes is told by its placeholder: <c>SANDBOX</c>, <c>IMAGE</c>, <c>FILE</c>, <c>a|b|c</c>.</remarks>
internal static class BashScript
{
    // The line is split at spaces by the function itself: bash's own words end at every colon, which names of images and paths of cp have.
    // Candidates are compared one by one; compgen -W would carry out what stands in them.
    private const string Functions = """
        _sleighctl_offer() {
            local candidate
            while IFS= read -r candidate; do
                if [[ -n $candidate && $candidate == "$cur"* ]]; then COMPREPLY+=("$candidate"); fi
            done
        }

        _sleighctl_ask() { "${words[0]}" "${socket[@]}" __complete "$@" 2>/dev/null; }

        _sleighctl_files() {
            local candidate
            while IFS= read -r candidate; do
                if [[ -d $candidate ]]; then candidate+=/; fi
                COMPREPLY+=("$candidate")
            done < <(compgen -f -- "$cur")
            compopt -o filenames -o nospace 2>/dev/null || true
        }

        _sleighctl_value() {
            case $1 in
                SANDBOX) _sleighctl_offer < <(_sleighctl_ask sandbox) ;;
                SNAPSHOT | FROM | TO) _sleighctl_offer < <(_sleighctl_ask snapshot "${positional[0]:-}") ;;
                IMAGE) _sleighctl_offer < <(_sleighctl_ask image) ;;
                SESSION) _sleighctl_offer < <(_sleighctl_ask session) ;;
                DELIVERY) _sleighctl_offer < <(_sleighctl_ask delivery) ;;
                'EXEC|SANDBOX') _sleighctl_offer < <(_sleighctl_ask sandbox; _sleighctl_ask exec) ;;
                SRC | DST)
                    if [[ $cur != *:* ]]; then
                        _sleighctl_offer < <(_sleighctl_ask sandbox | sed 's/$/:\//')
                        _sleighctl_files
                    fi ;;
                FILE | PATH) _sleighctl_files ;;
                *\|*) _sleighctl_offer < <(tr '|' '\n' <<< "$1") ;;
            esac
        }

        _sleighctl() {
            local line=${COMP_LINE:0:COMP_POINT} cur= prev= command= word= value= ended= i
            local -a words=() positional=() socket=()
            local commands= options= valued= arguments=
            COMPREPLY=()
            read -ra words <<< "$line"
            if [[ $line == *[[:space:]] ]]; then words+=(""); fi
            cur=${words[-1]}
            _sleighctl_data ""
            for ((i = 1; i < ${#words[@]} - 1; i++)); do
                word=${words[i]}
                if [[ $ended ]]; then
                    positional+=("$word")
                elif [[ $value ]]; then
                    if [[ $value == --socket ]]; then socket=(--socket "$word"); fi
                    value=
                elif [[ $word == -- ]]; then
                    ended=1
                elif [[ $word == -* ]]; then
                    if [[ " $valued " == *" $word="* ]]; then value=$word; fi
                elif [[ " $commands " == *" $word "* && ${#positional[@]} -eq 0 ]]; then
                    command=${command:+$command }$word
                    _sleighctl_data "$command"
                else
                    positional+=("$word")
                fi
            done

            if [[ $value ]]; then
                for word in $valued; do
                    if [[ $word == "$value="* ]]; then _sleighctl_value "${word#*=}"; fi
                done
            elif [[ $ended ]]; then
                :
            elif [[ $cur == -* ]]; then
                _sleighctl_offer < <(tr ' ' '\n' <<< "$options")
            else
                if ((${#positional[@]} == 0)); then _sleighctl_offer < <(tr ' ' '\n' <<< "$commands"); fi
                local -a kinds=($arguments)
                i=${#positional[@]}
                if ((i >= ${#kinds[@]} && ${#kinds[@]} > 0)) && [[ ${kinds[-1]} == *... ]]; then i=$((${#kinds[@]} - 1)); fi
                if ((i < ${#kinds[@]})); then _sleighctl_value "${kinds[i]%...}"; fi
            fi

            # Bash puts the answer behind the last colon of what it thinks is the word.
            if [[ $cur == *:* && $COMP_WORDBREAKS == *:* ]]; then
                COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*:}"}"}")
            fi
        }

        complete -F _sleighctl sleighctl
        """;

    /// <summary>The script.</summary>
    public static string Of(RootCommand root)
    {
        var text = new StringBuilder("# bash completion for sleighctl, written by: sleighctl completion bash\n_sleighctl_data() {\n    case $1 in\n");
        Add(text, root, "", [.. root.Options.Where(o => o.Recursive)]);
        return text.Append("    esac\n}\n\n").Append(Functions).Append('\n').ToString();
    }

    private static void Add(StringBuilder text, Command command, string path, IReadOnlyList<Option> inherited)
    {
        Command[] children = [.. command.Subcommands.Where(c => !c.Hidden)];
        Option[] options = [.. command.Options.Concat(inherited).Distinct().Where(o => !o.Hidden)];
        IEnumerable<string> valued = options.Where(TakesValue).SelectMany(o => Names(o).Select(n => $"{n}={o.HelpName ?? "VALUE"}"));
        IEnumerable<string> arguments = command.Arguments.Select(a => a.Name + (a.Arity.MaximumNumberOfValues > 1 ? "..." : ""));
        text.Append($"        '{path}')\n");
        text.Append($"            commands='{string.Join(' ', children.Select(c => c.Name))}'\n");
        text.Append($"            options='{string.Join(' ', options.SelectMany(Names))}'\n");
        text.Append($"            valued='{string.Join(' ', valued)}'\n");
        text.Append($"            arguments='{string.Join(' ', arguments)}' ;;\n");
        foreach (Command child in children)
        {
            Add(text, child, path.Length == 0 ? child.Name : $"{path} {child.Name}", inherited);
        }
    }

    private static bool TakesValue(Option option) => option is not (HelpOption or VersionOption) && option.ValueType != typeof(bool);

    // -? and /h are no names for a person.
    private static IEnumerable<string> Names(Option option) =>
        option.Aliases.Prepend(option.Name).Distinct().Where(n => n.StartsWith("--", StringComparison.Ordinal) || (n.Length == 2 && n[0] == '-' && char.IsAsciiLetter(n[1])));
}
