namespace Sleigh.IntegrationTests.Overlay;

/// <summary>A tree of all that an archive carries: odd names, long paths, links, holes, modes, owners, times.</summary>
public static class OddTree
{
    /// <summary>Makes it; gives its path.</summary>
    public static string Make(string path)
    {
        Shell.Bash($$"""
            mkdir {{path}}; cd {{path}}; mkdir -p sub empty 'with space' deep
            echo one > one; ln one sub/two; ln one 'with space/three'; : > nothing; echo a > 'with space/ a '
            printf x > $'new\nline'; printf y > $'not \xff\xfe utf8'; mkdir $'dir\n\xc3'; echo z > $'dir\n\xc3/in'; ln -s $'t\xff\n' $'link\xfe'
            n=$(printf 'n%.0s' $(seq 255)); echo long > $n; mkdir sub/$n; echo long > sub/$n/$n
            d=deep; for i in $(seq 14); do d=$d/$n; mkdir $d; echo $i > $d/f; done
            ln -s nowhere dangling; ln -s /proc/self/root magic; touch -h -d '2003-03-03 03:03:03.25' dangling; chown -h 5:6 dangling
            truncate -s 200M sparse; printf middle | dd of=sparse bs=1 seek=150000000 conv=notrunc status=none
            head -c 3000000 /dev/urandom > data; chown 1234:4321 data; chmod 6711 data; touch -d '1999-12-31 23:59:59.123456789' data
            echo old > old; touch -d '1901-02-03 04:05:06.5' old; echo owner > owner; chown 4000000:4294967294 owner
            mkdir -m 1777 sticky; mkdir -m 000 closed; echo c > closed/c; touch -d '2001-01-01 01:01:01.1' empty closed sub deep
            i=0; while [ $i -lt 40 ]; do echo $i > sub/f$i; i=$((i+1)); done; touch -d '2005-05-05 05:05:05.5' sub
            chmod 0750 .; chown 7:8 .; touch -d '2011-11-11 11:11:11.11' .
            """);
        return path;
    }
}
