using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>An image, and what a sandbox may do to it: everything that a layer must carry over.</summary>
public static class SampleTree
{
    public static string MakeImage(TestDirectory directory)
    {
        string image = directory.Make("image");
        Shell.Bash($$"""
            cd {{image}}
            mkdir -p keep remove replace rename/deep/er etc usr/bin links
            for i in 1 2 3; do echo "image $i" | tee keep/$i remove/$i replace/$i rename/deep/$i rename/deep/er/$i > /dev/null; done
            echo one > links/a; ln links/a links/b
            ln -s /etc/passwd etc/link; echo root:x:0:0 > etc/passwd
            echo prog > usr/bin/su; chown 1000:1000 usr/bin/su; chmod 4755 usr/bin/su
            touch -d '2001-02-03 04:05:06.789' keep/1 keep
            """);
        return image;
    }

    /// <summary>Changes a mounted tree in every way.</summary>
    public static void Change(string tree)
    {
        Shell.Bash($$"""
            cd {{tree}}
            rm keep/2 links/b
            rm -r remove
            rm -r replace; mkdir replace; echo fresh > replace/new
            mv rename renamed; mv renamed/deep renamed/deeper; echo more > renamed/deeper/er/more
            mkdir many; (cd many; for i in $(seq 1 1500); do echo $i > "f $i"; done)
            mkdir -p d1/d2/d3/d4/d5; echo deep > d1/d2/d3/d4/d5/file
            ln d1/d2/d3/d4/d5/file hard1; ln hard1 d1/hard2; ln -s nowhere dangling; ln dangling dangling2
            printf 'x' > $'new\nline'; printf 'y' > $'not \xff\xfe utf8'; mkdir $'dir\n\xc3'; echo z > $'dir\n\xc3/in'
            mkfifo -m 640 pipe; mknod null c 1 3; mknod -m 600 disk b 7 200
            truncate -s 300M sparse; printf middle | dd of=sparse bs=1 seek=150000000 conv=notrunc status=none
            head -c 3000000 /dev/urandom > data; chown 1234:4321 data; chmod 6711 data
            touch -d '1999-12-31 23:59:59.123456789' data; touch -h -d '2003-03-03 03:03:03.3' dangling
            mkdir -m 1777 sticky; mkdir -m 000 closed; echo c > closed/c; chown -h 5:6 dangling
            chmod 0750 .; chown 7:8 .
            cp /bin/true cap; setcap cap_net_raw+ep cap
            """);
        using SafeFileHandle root = Files.Open(tree, OpenFlags.ReadOnly | OpenFlags.Directory);
        ExtendedAttributes.Set(root, "data", "user.note", "a note"u8);
        ExtendedAttributes.Set(root, "data", "user.empty", default);
        ExtendedAttributes.Set(root, "sticky", "trusted.own", new byte[300]);
        ExtendedAttributes.Set(root, "dangling", "trusted.link", "on a link"u8);
    }
}
