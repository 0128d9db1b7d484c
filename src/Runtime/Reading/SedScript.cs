namespace Sleigh.Runtime.Reading;

/// <summary>Whether a sed script only reads, under every way in which a sed might understand it.</summary>
internal static class SedScript
{
    private const int MostReadings = 256;

    /// <summary>True when one reading at least makes sense and no reading writes, executes or is unclear.</summary>
    /// <param name="script">The parts of the script, joined with line feeds.</param>
    /// <param name="at">Near which character it is refused.</param>
    public static bool Reads(string script, out int at)
    {
        SedReadings readings = new();
        bool understood = false;
        at = 0;
        for (int reading = 0; reading < MostReadings; reading++)
        {
            SedReader reader = new(script, readings);
            SedVerdict verdict = reader.Read();
            if (verdict == SedVerdict.Refused)
            {
                at = reader.Position;
                return false;
            }

            understood |= verdict == SedVerdict.Reads;
            at = understood ? 0 : reader.Position;
            if (!readings.MoveNext())
            {
                return understood;
            }
        }

        return false;
    }
}
