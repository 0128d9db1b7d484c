using System.Text;
using Sleigh.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Patches of what differs, applied by the programs that they are made for.</summary>
public sealed class TreePatchTests() : SealedTrees(LayerDriverKind.Btrfs)
{
    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task Patch_and_git_apply_make_the_new_files_out_of_the_old_ones_byte_for_byte()
    {
        for (int seed = 1; seed <= 12; seed++)
        {
            Random random = new(seed);
            string work = Live["work"];
            Shell.Bash($"rm -rf {work}; mkdir -p {work}/sub");
            for (int i = 0; i < 14; i++)
            {
                File.WriteAllText(Path.Combine(work, Names[random.Next(Names.Length)]), Content(random, null));
            }

            await SealAsync();
            Shell.Bash($"rm -rf {Place["old"]}; mkdir {Place["old"]}; cp -a {work} {Place["old"]}/work; cp -a {Place["old"]} {Place["old"]}.git; ");
            foreach (string file in Directory.GetFiles(work, "*", SearchOption.AllDirectories))
            {
                Change(random, file);
            }

            File.WriteAllText($"{work}/sub/added {seed}", Content(random, null));
            TreeDiffPage page = await DiffAsync(seed - 1, null, new TreeDiffQuery { Renames = true, PatchMaxBytes = 65_536, Prefix = ["work"] });
            Assert.All(page.Items, item => Assert.Null(item.Patch?.Skipped));
            string patch = string.Concat(page.Items.Select(item => item.Patch?.Text));
            await File.WriteAllTextAsync(Place["patch"], patch);

            // -f: GNU patch asks before it removes a file that is empty already.
            Shell.Bash($"cd {Place["old"]}; patch -p1 -f --no-backup-if-mismatch < {Place["patch"]} >&2");
            Shell.Bash($"cd {Place["old"]}.git; git apply --whitespace=nowarn {Place["patch"]}");
            Assert.Equal(Listing(work), Listing($"{Place["old"]}/work"));
            Assert.Equal(Listing(work), Listing($"{Place["old"]}.git/work"));
            Shell.Bash($"rm -rf {Place["old"]}.git");
        }
    }

    [HostFact(Need.Overlay, Need.Btrfs, Need.LoopDevices)]
    public async Task What_is_no_text_too_large_or_too_different_is_told_and_a_page_of_large_patches_ends_early()
    {
        string work = Live["work"];
        Shell.Bash($"mkdir {work}; cd {work}; printf 'a\\0b' > nul; printf '\\xff\\n' > latin; head -c 200 /dev/zero | tr '\\0' x > big; seq 1 11000 > numbers; echo x > mode; echo x > owner; mkdir dir; ln -s x link");
        await SealAsync();
        Shell.Bash($"cd {work}; printf 'a' > nul; printf 'x\\n' > latin; echo y >> big; seq 20001 31000 > numbers; chmod 755 mode; chown 7 owner; chmod 700 dir; ln -sf y link; printf '' > empty");

        Dictionary<string, FilePatch?> patches = (await DiffAsync(0, null, new TreeDiffQuery { PatchMaxBytes = 100_000, Prefix = ["work"] })).Items.ToDictionary(i => i.Path.ToString(), i => i.Patch);
        Assert.Equal(("binary", "binary", "too_different"), (patches["/work/nul"]!.Skipped, patches["/work/latin"]!.Skipped, patches["/work/numbers"]!.Skipped));
        Assert.Equal("diff --git a/work/mode b/work/mode\nold mode 100644\nnew mode 100755\n", patches["/work/mode"]!.Text);
        Assert.Equal("diff --git a/work/empty b/work/empty\nnew file mode 100644\n", patches["/work/empty"]!.Text);
        Assert.True(patches["/work/owner"] is null && patches["/work/dir"] is null && patches["/work/link"] is null);
        Assert.Equal("too_large", (await DiffAsync(0, null, new TreeDiffQuery { PatchMaxBytes = 100, Prefix = ["work", "big"] })).Items[0].Patch!.Skipped);

        Shell.Bash($"cd {work}; for i in $(seq 10 29); do head -c 1000000 /dev/zero | tr '\\0' \"\\n\" > many$i; done");
        TreeDiffQuery query = new() { PatchMaxBytes = 1 << 20, Prefix = ["work"] };
        TreeDiffPage page = await DiffAsync(0, null, query);
        Assert.True(page.HasMore);
        Assert.InRange(page.Items.Sum(i => (long)(i.Patch?.Text?.Length ?? 0)), 1 << 20, 11 << 20);
        TreeDiffPage next = await DiffAsync(0, null, query with { After = page.Items[^1].Path });
        Assert.True(next.Items[0].Path.Bytes.SequenceCompareTo(page.Items[^1].Path.Bytes) > 0);
    }

    private static readonly string[] Names =
        ["plain", "with space", "quo\"te", "back\\slash", "tab\there", "line\nbreak", "ümläut", "-dash", "sub/deep", "sub/a b", "x.c", "y", "z", "0"];

    private static string Content(Random random, string? old)
    {
        string[] ends = ["\n", "\n", "\n", "\r\n", "\n\n", "\r", " \n"];
        List<string> lines = old is null ? [] : [.. old.Split('\n').Select(line => line + "\n")];
        if (old is null)
        {
            for (int i = random.Next(60); i > 0; i--)
            {
                lines.Add($"{new string((char)('a' + random.Next(4)), random.Next(4))}{(random.Next(9) == 0 ? "é\u2028" : "")}{ends[random.Next(ends.Length)]}");
            }
        }
        else
        {
            for (int i = random.Next(6); i >= 0; i--)
            {
                int at = random.Next(lines.Count + 1);
                if (random.Next(2) == 0 || at == lines.Count)
                {
                    lines.Insert(at, $"new {random.Next(9)}{ends[random.Next(ends.Length)]}");
                }
                else
                {
                    lines.RemoveAt(at);
                }
            }
        }

        string text = string.Concat(lines);
        return random.Next(3) == 0 ? text.TrimEnd('\n') : text;
    }

    private static void Change(Random random, string file)
    {
        switch (random.Next(7))
        {
            case 0:
                File.Delete(file);
                break;
            case 1:
                File.Move(file, file + " moved");
                break;
            case 2:
                File.Move(file, file + "-moved");
                File.AppendAllText(file + "-moved", "more\n");
                break;
            case 3:
                File.SetUnixFileMode(file, (UnixFileMode)0x1ED);
                break;
            default:
                File.WriteAllText(file, Content(random, File.ReadAllText(file)));
                break;
        }
    }

    private static List<string> Listing(string directory) =>
    [
        .. Directory.GetFiles(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(file => $"{file[directory.Length..]} {File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute)} {Encoding.Latin1.GetString(File.ReadAllBytes(file))}"),
    ];
}
